package nn

import "pawl/tensor"

// packedWeights are a model's matrices in the layout of the product kernels:
// forward ones hold Wᵀ (y = x·Wᵀ), backward ones W (dx = dy·W). A copy knows
// which version of the model it was made from.
type packedWeights struct {
	layers  []packedLayer
	head    tensor.Packed
	forward bool
	version uint64
	made    bool
}

type packedLayer struct{ qkv, o, gateUp, down tensor.Packed }

// stale tells whether the model has changed since the copy was made.
func (p *packedWeights) stale(m *Model) bool { return !p.made || p.version != m.version.Load() }

// jobs is the number of matrices.
func (p *packedWeights) jobs(m *Model) int { return 4*m.cfg.Layers + 1 }

// prepare must precede pack; finish must follow it.
func (p *packedWeights) prepare(m *Model) {
	if p.layers == nil {
		p.layers = make([]packedLayer, m.cfg.Layers)
	}
}

func (p *packedWeights) finish(m *Model) { p.made, p.version = true, m.version.Load() }

// pack copies matrix i. Different matrices may be packed concurrently.
func (p *packedWeights) pack(m *Model, i int) {
	dst, src := &p.head, m.lay.head
	if l := i / 4; l < m.cfg.Layers {
		a, b := &p.layers[l], &m.lay.layers[l]
		switch i % 4 {
		case 0:
			dst, src = &a.gateUp, b.gateUp
		case 1:
			dst, src = &a.down, b.down
		case 2:
			dst, src = &a.qkv, b.qkv
		case 3:
			dst, src = &a.o, b.o
		}
	}
	if p.forward {
		dst.PackT(src.mat(m.w))
	} else {
		dst.Pack(src.mat(m.w))
	}
}

// packAll packs what is stale on the calling goroutine.
func (p *packedWeights) packAll(m *Model) {
	if !p.stale(m) {
		return
	}
	p.prepare(m)
	for i := range p.jobs(m) {
		p.pack(m, i)
	}
	p.finish(m)
}
