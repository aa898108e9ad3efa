package nn

import "pawl/tensor"

// headValues bounds the logits that a shard holds: 16 MB. With a large
// vocabulary the head goes through the outs in blocks, forward for the
// log-probabilities and once more, forward and back, for the gradient. The bits
// are those of one block.
const headValues = 1 << 22

// headRows is how many outs the head takes at once.
func (s *shard) headRows(vocab int) int {
	limit := headValues
	if s.limit > 0 {
		limit = s.limit
	}
	if s.whole || s.outs*vocab <= limit {
		return s.outs
	}
	return max(limit/vocab/16*16, 16)
}

// project computes the logits of outs lo to hi.
func (s *shard) project(head *tensor.Packed, lo, hi int) tensor.Mat {
	logits := s.logits.shape(hi-lo, head.N)
	tensor.Mul(logits, s.normed.Slice(lo, hi), head, false)
	return logits
}

// score computes the logits of all outs and keeps them, if they are one block;
// else it keeps the log-probabilities of the targets only.
func (s *shard) score() {
	head := s.head
	n := s.headRows(head.N)
	if s.blocked = n < s.outs; !s.blocked {
		s.project(head, 0, s.outs)
		return
	}
	s.logp, s.lse = growAligned(s.logp, s.outs), growAligned(s.lse, s.outs)
	for lo := 0; lo < s.outs; lo += n {
		hi := min(lo+n, s.outs)
		tensor.LogSoftmaxAt(s.logp[lo:hi], s.lse[lo:hi], s.project(head, lo, hi), s.target[lo:hi])
	}
}

// scoreBackward turns s.dlogp, graded logits, or losses over rows into the
// gradient of the final norm's output, dn, and adds that of the head's weights
// to grad, if there are any. back is the head packed for the way back.
func (s *shard) scoreBackward(dn tensor.Mat, grad *tensor.Mat, back *tensor.Packed) {
	n := s.headRows(back.K)
	for lo := 0; lo < s.outs; lo += n {
		hi := min(lo+n, s.outs)
		logits := s.logits.Mat
		if s.blocked || s.rowsOf != nil {
			logits = s.project(s.head, lo, hi)
		}
		switch {
		case s.rowsOf != nil:
			s.grade(logits, lo, hi)
		case !s.graded:
			tensor.LogSoftmaxAtBackward(logits, s.lse[lo:hi], s.target[lo:hi], s.dlogp[lo:hi])
		}
		if grad != nil {
			tensor.MulTN(*grad, logits, s.normed.Slice(lo, hi), true)
		}
		tensor.Mul(dn.Slice(lo, hi), logits, back, false)
	}
}
