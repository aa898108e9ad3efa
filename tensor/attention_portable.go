package tensor

import "math"

// The reference attention, one row at a time; its sums run in the order that the
// assembly follows.

func (s attentionShape) scale() float32 { return float32(1 / math.Sqrt(float64(s.headDim))) }

// attendRow is one query against the first n keys and values of its head; p
// receives n probabilities.
func attendRow(out, q []float32, k, v Mat, n int, scale float32, p []float32) {
	for j := range n {
		var sum float32
		for d, x := range k.Row(j) {
			sum += q[d] * x
		}
		p[j] = sum * scale
	}
	weighValues(out, p[:n], v)
}

// weighValues turns scores into weights and sums the values by them.
func weighValues(out, p []float32, v Mat) {
	softmaxLanes(p)
	clear(out)
	for j, weight := range p {
		for d, x := range v.Row(j) {
			out[d] += weight * x
		}
	}
}

// softmaxLanes is softmax in place, summed over 16 virtual lanes.
func softmaxLanes(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v) // NaN stays NaN
	}
	var lane [lanes]float32
	for j, v := range x {
		e := float32(math.Exp(float64(v - top)))
		x[j] = e
		lane[j%lanes] += e
	}
	inverse := 1 / sumLanes(&lane)
	for j := range x {
		x[j] *= inverse
	}
}

// sumLanes combines virtual lanes by halving.
func sumLanes(lane *[lanes]float32) float32 {
	for half := lanes / 2; half > 0; half /= 2 {
		for i := range half {
			lane[i] += lane[i+half]
		}
	}
	return lane[0]
}

func attentionPortable(out, q, k, v Mat, s attentionShape, probs []float32) {
	for h := range s.heads {
		qh, oh := s.head(q, h), s.head(out, h)
		kh, vh := s.head(k, h/s.group()), s.head(v, h/s.group())
		ph := s.probsOf(probs, h)
		for i := range s.rows {
			p := ph[i*s.padded : (i+1)*s.padded]
			attendRow(oh.Row(i), qh.Row(i), kh, vh, i+1, s.scale(), p)
			clear(p[i+1:])
		}
	}
}

func attentionStepPortable(out, q []float32, k, v Mat, s attentionShape, scratch []float32) {
	for h := range s.heads {
		lo, hi := h*s.headDim, (h+1)*s.headDim
		kv := h / s.group()
		attendRow(out[lo:hi], q[lo:hi], s.head(k, kv), s.head(v, kv), s.rows, s.scale(), scratch)
	}
}

// attentionBackwardPortable follows from out = P·V and P = softmax(scale·Q·Kᵀ):
// dV = Pᵀ·dout, dP = dout·Vᵀ, dS = scale·P∘(dP - rowsum(P∘dP)), dQ = dS·K,
// dK = dSᵀ·Q. Heads that share keys and values add up, in order.
func attentionBackwardPortable(dq, dk, dv, dout, q, k, v Mat, s attentionShape, probs []float32) {
	for _, m := range []Mat{dq, dk, dv} {
		for i := range m.Rows {
			clear(m.Row(i))
		}
	}
	scratch := borrow(s.rows)
	defer scratch.release()
	ds := scratch.data[:s.rows]
	for h := range s.heads {
		qh, dqh, doh := s.head(q, h), s.head(dq, h), s.head(dout, h)
		g := h / s.group()
		kh, vh, dkh, dvh := s.head(k, g), s.head(v, g), s.head(dk, g), s.head(dv, g)
		ph := s.probsOf(probs, h)
		for i := range s.rows {
			p := ph[i*s.padded:]
			var lane [lanes]float32
			for j := range i + 1 {
				var sum float32
				for d, x := range vh.Row(j) {
					sum += doh.Row(i)[d] * x
				}
				ds[j] = sum
				lane[j%lanes] += p[j] * sum
			}
			total := sumLanes(&lane)
			for j := range i + 1 {
				x := p[j] * (ds[j] - total) * s.scale()
				axpyInto(dqh.Row(i), x, kh.Row(j))
				axpyInto(dkh.Row(j), x, qh.Row(i))
				axpyInto(dvh.Row(j), p[j], doh.Row(i))
			}
		}
	}
}

// axpyInto adds a*x to dst.
func axpyInto(dst []float32, a float32, x []float32) {
	for i, v := range x {
		dst[i] += a * v
	}
}
