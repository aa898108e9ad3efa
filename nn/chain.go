package nn

import "pawl/tensor"

// The steps that only some shapes have, shared by training passes and decoding:
// both must do the same arithmetic on every row.

// addBias adds a bias, if the shape has one, to every row of y.
func (m *Model) addBias(y tensor.Mat, bias span) {
	if bias.cols == 0 {
		return
	}
	b := bias.of(m.w)
	for i := range y.Rows {
		tensor.Add(y.Row(i), b)
	}
}

// headsOf is a row's heads as a matrix of one head a row.
func headsOf(row []float32, size int) tensor.Mat {
	return tensor.Mat{Data: row, Rows: len(row) / size, Cols: size, Stride: size}
}

// finishQKV turns products into the queries, keys and values of rows at the
// given positions: biases, norms of queries and keys, rotary positions. inv, of
// at least Heads+KVHeads values a row, receives what the norms' backward pass
// needs; pre, if it has rows, the queries and keys before the norms. Neither is
// touched without QKNorm.
func (m *Model) finishQKV(qkv tensor.Mat, lay *layerLayout, pos []int32, inv []float32, pre tensor.Mat) {
	c := &m.cfg
	q, kv, hd := c.qDim(), c.kvDim(), c.HeadDim()
	m.addBias(qkv, lay.qkvBias)
	if c.QKNorm {
		eps, all := float32(c.NormEps), c.Heads+c.KVHeads
		for i := range qkv.Rows {
			row := qkv.Row(i)
			if pre.Rows > 0 {
				copy(pre.Row(i), row)
			}
			inv := inv[i*all : (i+1)*all]
			queries, keys := headsOf(row[:q], hd), headsOf(row[q:q+kv], hd)
			tensor.RMSNorm(queries, queries, lay.qNorm.of(m.w), inv[:c.Heads], eps)
			tensor.RMSNorm(keys, keys, lay.kNorm.of(m.w), inv[c.Heads:], eps)
		}
	}
	if m.rot != nil {
		// Queries and keys lie side by side and turn alike.
		tensor.Rotary(part(qkv, 0, qkv.Rows, 0, q+kv), c.Heads+c.KVHeads, hd, pos, m.rot, false)
	}
}

// finishQKVBackward turns the gradients of finishQKV's results into those of
// the products, in place, and adds those of biases and gains to grad, unless
// that is nil.
func (s *shard) finishQKVBackward(m *Model, dqkv tensor.Mat, lay *layerLayout, a *layerActs, grad []float32) {
	c := &m.cfg
	q, kv, hd := c.qDim(), c.kvDim(), c.HeadDim()
	if m.rot != nil {
		tensor.Rotary(part(dqkv, 0, dqkv.Rows, 0, q+kv), c.Heads+c.KVHeads, hd, s.pos, m.rot, true)
	}
	if c.QKNorm {
		s.dPre = growAligned(s.dPre, q+kv)
		all, dy := c.Heads+c.KVHeads, s.dPre
		for i := range dqkv.Rows {
			dx, x, inv := dqkv.Row(i)[:q+kv], a.preQK.Row(i), a.invQK[i*all:(i+1)*all]
			copy(dy, dx)
			clear(dx)
			tensor.RMSNormBackward(headsOf(dx[:q], hd), s.gain(lay.qNorm, grad), headsOf(dy[:q], hd),
				headsOf(x[:q], hd), lay.qNorm.of(m.w), inv[:c.Heads])
			tensor.RMSNormBackward(headsOf(dx[q:], hd), s.gain(lay.kNorm, grad), headsOf(dy[q:], hd),
				headsOf(x[q:], hd), lay.kNorm.of(m.w), inv[c.Heads:])
		}
	}
	biasBackward(lay.qkvBias, grad, dqkv)
}

// biasBackward adds the sum of dy's rows to the gradient of a bias, if the
// shape has one and it learns.
func biasBackward(bias span, grad []float32, dy tensor.Mat) {
	if bias.cols == 0 || grad == nil {
		return
	}
	g := bias.of(grad)
	for i := range dy.Rows {
		tensor.Add(g, dy.Row(i))
	}
}
