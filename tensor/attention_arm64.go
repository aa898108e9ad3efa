package tensor

// softmaxNEON takes rows of scores, stride bytes apart: the first has valid
// scores, each further row grow more. Scores up to the end of the last vector of
// 16 become weights, zero beyond the valid ones.
//
//go:noescape
func softmaxNEON(p *float32, stride, rows, valid, grow int, scale float32)

// softmaxBackwardNEON turns rows of d, gradients of weights p, into gradients of
// scores before scaling; each row has one valid value more than that before.
//
//go:noescape
func softmaxBackwardNEON(d, p *float32, stride, rows, valid int, scale float32)

func softmaxRows(p *float32, stride, rows, valid, grow int, scale float32) {
	softmaxNEON(p, stride, rows, valid, grow, scale)
}

func softmaxBackwardRows(d, p *float32, stride, rows, valid int, scale float32) {
	softmaxBackwardNEON(d, p, stride, rows, valid, scale)
}
