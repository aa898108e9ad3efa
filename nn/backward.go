package nn

import "pawl/tensor"

// backward adds the gradient of the loss to g, given d(loss)/d(log-probability)
// of every out in s.dlogp, or, if s.graded, with respect to the logits in their
// place; losses over rows (rows.go) are computed here. It destroys the logits. forward and logprobs must have run on the same
// weights.
func (s *shard) backward(m *Model, p *packedWeights, g *gradient) {
	if s.outs == 0 {
		return
	}
	c, grad := &m.cfg, g.full
	w, q, kv, last := c.Width, c.qDim(), c.kvDim(), c.Layers-1
	if g.trunkless() && s.probe == nil {
		if s.rowsOf != nil {
			s.gradeAll()
		}
		s.headBackward(g, tensor.Mat{})
		return
	}
	dn := s.dNorm.shape(s.outs, w)
	switch {
	case s.mute:
		clear(dn.Data)
	case grad != nil:
		dw := m.lay.head.mat(grad)
		s.scoreBackward(dn, &dw, &p.head)
	default:
		s.scoreBackward(dn, nil, &p.head)
	}
	s.headBackward(g, dn)
	if s.probe != nil {
		s.probe.leave(c.Layers, dn, s.pos, s.sel)
	}
	dx := s.dx.shape(s.outs, w)
	clear(dx.Data)
	tensor.RMSNormBackward(dx, s.gain(m.lay.norm, grad), dn, s.final.Mat, m.lay.norm.of(m.w), s.inv)

	for l := last; l >= 0; l-- {
		a, lay, pk := &s.layers[l], &m.lay.layers[l], &p.layers[l]
		rows, att := dx.Rows, a.att.Mat
		selected := l == last && s.outs < s.rows
		if selected {
			att = a.attSel.Mat
		}
		// The gated layer; dx flows on through the residual.
		h := c.Hidden
		biasBackward(lay.downBias, grad, dx)
		s.weights(g, l, slotDown, lay.down, dx, a.act.Mat)
		dAct := s.dAct.shape(rows, h)
		tensor.Mul(dAct, dx, &pk.down, false)
		gu, dgu := a.gateUp.Mat, s.dGate.shape(rows, 2*h)
		tensor.SwiGLUBackward(part(dgu, 0, rows, 0, h), part(dgu, 0, rows, h, 2*h),
			dAct, part(gu, 0, rows, 0, h), part(gu, 0, rows, h, 2*h))
		biasBackward(lay.gateUpBias, grad, dgu)
		s.weights(g, l, slotGateUp, lay.gateUp, dgu, a.n2.Mat)
		dn := s.dNorm.shape(rows, w)
		tensor.Mul(dn, dgu, &pk.gateUp, false)
		tensor.RMSNormBackward(dx, s.gain(lay.norm2, grad), dn, a.mid.Mat, lay.norm2.of(m.w), a.inv2)

		// Attention.
		biasBackward(lay.oBias, grad, dx)
		s.weights(g, l, slotO, lay.o, dx, att)
		dAtt := s.dAtt.shape(rows, q)
		tensor.Mul(dAtt, dx, &pk.o, false)
		if selected {
			dAtt, dx = s.scatter(dAtt, dx)
		}
		qkv, dqkv := a.qkv.Mat, s.dQKV.shape(s.rows, q+2*kv)
		for i := range len(s.start) - 1 {
			r0, r1 := s.start[i], s.start[i+1]
			tensor.AttentionBackward(
				part(dqkv, r0, r1, 0, q), part(dqkv, r0, r1, q, q+kv), part(dqkv, r0, r1, q+kv, q+2*kv),
				part(dAtt, r0, r1, 0, q),
				part(qkv, r0, r1, 0, q), part(qkv, r0, r1, q, q+kv), part(qkv, r0, r1, q+kv, q+2*kv),
				c.Heads, c.KVHeads, a.probs[s.probAt[i]:s.probAt[i+1]])
		}
		s.finishQKVBackward(m, dqkv, lay, a, grad)
		s.weights(g, l, slotQKV, lay.qkv, dqkv, a.n1.Mat)
		if l == 0 && grad == nil && s.probe == nil {
			return // nothing below learns
		}
		dn = s.dNorm.shape(s.rows, w)
		tensor.Mul(dn, dqkv, &pk.qkv, false)
		tensor.RMSNormBackward(dx, s.gain(lay.norm1, grad), dn, a.x.Mat, lay.norm1.of(m.w), a.inv1)
		if s.probe != nil {
			s.probe.leave(l, dx, s.pos, nil)
		}
	}
	if grad == nil {
		return
	}
	embed := m.lay.embed.mat(grad)
	for i, id := range s.in {
		tensor.Add(embed.Row(int(id)), dx.Row(i))
	}
}

// scatter spreads the gradients of outs over all rows; the others get zero.
func (s *shard) scatter(dAtt, dx tensor.Mat) (fullAtt, fullX tensor.Mat) {
	w := dx.Cols
	// dNorm is free here and receives the old dx, so that dx can grow in place.
	old := s.dNorm.shape(s.outs, w)
	copy(old.Data, dx.Data)
	fullX, fullAtt = s.dx.shape(s.rows, w), s.dSel.shape(s.rows, dAtt.Cols)
	clear(fullX.Data)
	clear(fullAtt.Data)
	for i, r := range s.sel {
		copy(fullX.Row(int(r)), old.Row(i))
		copy(fullAtt.Row(int(r)), dAtt.Row(i))
	}
	return fullAtt, fullX
}
