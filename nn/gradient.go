package nn

import "pawl/tensor"

// gradient is where a backward pass puts what it finds. One of full and lora
// is set; where neither is, the trunk does not learn.
type gradient struct {
	full []float32 // laid out as the model's buffer
	lora []float32 // laid out as the adapters'
	low  *lowRank
	head *ScalarHead
	of   []float32 // gradient of the head, laid out as it is
}

// trunkless tells that nothing below the head learns.
func (g *gradient) trunkless() bool { return g.full == nil && g.low == nil }

// lowRank is what a backward pass needs of adapters: A and B in the layout of
// the product kernels, packed once a step.
type lowRank struct {
	*LoRA
	a []tensor.Packed   // by group: Aᵀ, of all its parts
	b [][]tensor.Packed // by group and part: B
}

func newLowRank(a *LoRA) *lowRank {
	r := &lowRank{LoRA: a, a: make([]tensor.Packed, len(a.groups)), b: make([][]tensor.Packed, len(a.groups))}
	for i, g := range a.groups {
		r.b[i] = make([]tensor.Packed, len(g.parts))
	}
	return r
}

// pack brings group i up to date.
func (r *lowRank) pack(i int) {
	g := &r.groups[i]
	if len(g.parts) == 0 {
		return
	}
	r.a[i].PackT(g.a.mat(r.w))
	for k, p := range g.parts {
		r.b[i][k].PackT(p.bT.mat(r.w))
	}
}

// gain is where the gradient of a norm gain goes: into grad, or nowhere.
func (s *shard) gain(at span, grad []float32) []float32 {
	if grad != nil {
		return at.of(grad)
	}
	s.sink = growAligned(s.sink, at.size())
	clear(s.sink)
	return s.sink
}

// weights adds the gradient dyᵀ·x of a matrix [out, in], or that of its
// adapters, given dy [rows, out] and x [rows, in]. With s = alpha/rank,
//
//	dA = s·(dy·B)ᵀ·x,  dB = s·dyᵀ·(x·Aᵀ),
//
// so the gradient of the whole matrix is never made.
func (s *shard) weights(g *gradient, layer, slot int, at span, dy, x tensor.Mat) {
	if g.full != nil {
		tensor.MulTN(at.mat(g.full), dy, x, true)
		return
	}
	if g.low == nil {
		return
	}
	i := layer*layerSlots + slot
	group := &g.low.groups[i]
	if len(group.parts) == 0 {
		return
	}
	rank, scale := g.low.cfg.Rank, g.low.scale()
	low := s.low.shape(x.Rows, len(group.parts)*rank)
	tensor.Mul(low, x, &g.low.a[i], false)
	tensor.Scale(low.Data, scale)
	dLow := s.dLow.shape(x.Rows, len(group.parts)*rank)
	for k, p := range group.parts {
		part := dy.Columns(p.lo, p.hi)
		tensor.MulTN(p.bT.mat(g.lora), low.Columns(k*rank, (k+1)*rank), part, true)
		tensor.Mul(dLow.Columns(k*rank, (k+1)*rank), part, &g.low.b[i][k], false)
	}
	tensor.Scale(dLow.Data, scale)
	tensor.MulTN(group.a.mat(g.lora), dLow, x, true)
}
