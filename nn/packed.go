package nn

import "pawl/tensor"

// packedWeights are a model's matrices in the layout of the product kernels:
// forward ones hold Wᵀ (y = x·Wᵀ), backward ones W (dx = dy·W). A copy knows
// which version of the model it was made from.
type packedWeights struct {
	layers   []packedLayer
	head     tensor.Packed
	forward  bool
	version  uint64
	made     bool
	adapters uint64 // version of the adapters added (Trainer.adapters), 0 for none
}

type packedLayer struct{ qkv, o, gateUp, down tensor.Packed }

// stale tells whether the model has changed since the copy was made.
func (p *packedWeights) stale(m *Model) bool { return !p.made || p.version != m.version.Load() }

// jobs is the number of matrices.
func (p *packedWeights) jobs(m *Model) int { return layerSlots*m.cfg.Layers + 1 }

// prepare must precede pack; finish must follow it.
func (p *packedWeights) prepare(m *Model) {
	if p.layers == nil {
		p.layers = make([]packedLayer, m.cfg.Layers)
	}
}

func (p *packedWeights) finish(m *Model) { p.made, p.version = true, m.version.Load() }

// The matrices of a layer, in the order of their jobs.
const (
	slotGateUp = iota
	slotDown
	slotQKV
	slotO
	layerSlots
)

// job is matrix i: where its packed copy and where its weights lie.
func (p *packedWeights) job(m *Model, i int) (*tensor.Packed, span) {
	l := i / layerSlots
	if l == m.cfg.Layers {
		return &p.head, m.lay.head
	}
	a, b := &p.layers[l], &m.lay.layers[l]
	switch i % layerSlots {
	case slotGateUp:
		return &a.gateUp, b.gateUp
	case slotDown:
		return &a.down, b.down
	case slotQKV:
		return &a.qkv, b.qkv
	default:
		return &a.o, b.o
	}
}

// pack copies matrix i. Different matrices may be packed concurrently.
func (p *packedWeights) pack(m *Model, i int) {
	dst, src := p.job(m, i)
	p.put(dst, src.mat(m.w))
}

func (p *packedWeights) put(dst *tensor.Packed, w tensor.Mat) {
	if p.forward {
		dst.PackT(w)
	} else {
		dst.Pack(w)
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
