package nn

import "pawl/tensor"

// forward computes the logits of every out of s. Each row is computed by
// itself, whatever else is in the shard, so one sequence gives the same bits in
// any company; a decoding step (decode.go) repeats the same chain of
// operations.
func (s *shard) forward(m *Model, p *packedWeights) {
	c := &m.cfg
	w, q, kv, last := c.Width, c.qDim(), c.kvDim(), c.Layers-1
	if s.layers == nil {
		s.layers = make([]layerActs, c.Layers)
	}
	if s.outs == 0 {
		return
	}
	eps := float32(c.NormEps)
	embed := m.lay.embed.mat(m.w)
	x := s.layers[0].x.shape(s.rows, w)
	for i, id := range s.in {
		copy(x.Row(i), embed.Row(int(id)))
	}
	for l := range s.layers {
		a, lay, pk := &s.layers[l], &m.lay.layers[l], &p.layers[l]
		x := a.x.Mat
		if s.probe != nil {
			s.probe.enter(l, x, s.pos, nil)
		}
		a.inv1 = growAligned(a.inv1, s.rows)
		n1 := a.n1.shape(s.rows, w)
		tensor.RMSNorm(n1, x, lay.norm1.of(m.w), a.inv1, eps)
		qkv := a.qkv.shape(s.rows, q+2*kv)
		tensor.Mul(qkv, n1, &pk.qkv, false)
		if c.QKNorm {
			a.invQK = growAligned(a.invQK, s.rows*(c.Heads+c.KVHeads))
			a.preQK.shape(s.rows, q+kv)
		}
		m.finishQKV(qkv, lay, s.pos, a.invQK, a.preQK.Mat)
		att := a.att.shape(s.rows, q)
		a.probs = growAligned(a.probs, s.probAt[len(s.probAt)-1])
		for i := range len(s.start) - 1 {
			r0, r1 := s.start[i], s.start[i+1]
			tensor.Attention(part(att, r0, r1, 0, q),
				part(qkv, r0, r1, 0, q), part(qkv, r0, r1, q, q+kv), part(qkv, r0, r1, q+kv, q+2*kv),
				c.Heads, c.KVHeads, a.probs[s.probAt[i]:s.probAt[i+1]])
		}
		s.thinAttention(l, att)
		rows := s.rows
		if l == last && s.outs < s.rows {
			rows = s.outs
			att = s.gather(&a.attSel, att)
			x = s.gather(&a.xSel, x)
		}
		mid := a.mid.shape(rows, w)
		copy(mid.Data, x.Data)
		tensor.Mul(mid, att, &pk.o, true)
		m.addBias(mid, lay.oBias)
		a.inv2 = growAligned(a.inv2, rows)
		n2 := a.n2.shape(rows, w)
		tensor.RMSNorm(n2, mid, lay.norm2.of(m.w), a.inv2, eps)
		gu := a.gateUp.shape(rows, 2*c.Hidden)
		tensor.Mul(gu, n2, &pk.gateUp, false)
		m.addBias(gu, lay.gateUpBias)
		act := a.act.shape(rows, c.Hidden)
		tensor.SwiGLU(act, part(gu, 0, rows, 0, c.Hidden), part(gu, 0, rows, c.Hidden, 2*c.Hidden))
		s.thinUnits(l, act)
		next := &s.final
		if l < last {
			next = &s.layers[l+1].x
		}
		out := next.shape(rows, w)
		copy(out.Data, mid.Data)
		tensor.Mul(out, act, &pk.down, true)
		m.addBias(out, lay.downBias)
	}
	s.inv = growAligned(s.inv, s.outs)
	normed := s.normed.shape(s.outs, w)
	tensor.RMSNorm(normed, s.final.Mat, m.lay.norm.of(m.w), s.inv, eps)
	if s.probe != nil {
		s.probe.enter(c.Layers, normed, s.pos, s.sel)
	}
	s.head = &p.head
	if !s.mute && s.rowsOf == nil && s.reads == nil {
		s.score()
	}
}

// gather copies the rows of src that are outs.
func (s *shard) gather(dst *block, src tensor.Mat) tensor.Mat {
	d := dst.shape(s.outs, src.Cols)
	for i, r := range s.sel {
		copy(d.Row(i), src.Row(int(r)))
	}
	return d
}

// logprobs turns logits into the log-probabilities of the targets and writes
// them to their places in the batch.
func (s *shard) logprobs(view [][]float32) {
	s.logp = growAligned(s.logp, s.outs)
	s.lse = growAligned(s.lse, s.outs)
	if s.outs == 0 || s.mute || s.rowsOf != nil || s.reads != nil {
		return
	}
	if !s.blocked {
		tensor.LogSoftmaxAt(s.logp, s.lse, s.logits.Mat, s.target)
	}
	for i, lp := range s.logp {
		if s.target[i] >= 0 {
			view[s.outSeq[i]][s.outPos[i]] = lp
		}
	}
}
