package nn

import (
	"fmt"

	"pawl/tensor"
)

// Shift adds vectors to hidden states: to what layer Layer reads (0 is the
// embeddings, so that a shift there is a learned prefix), or, where Layer is the
// number of layers, to what the head reads, after the last norm. Rows of Width
// values each go to the positions from At on; with Repeat, the single row goes
// to all of them.
type Shift struct {
	Layer  int
	At     int
	Add    []float32
	Repeat bool
}

// of is the part of buf, like Add, that belongs to a position; nil if none does.
func (s *Shift) of(buf []float32, pos, width int) []float32 {
	i := pos - s.At
	if s.Repeat && i > 0 {
		i = 0
	}
	if i < 0 || (i+1)*width > len(buf) {
		return nil
	}
	return buf[i*width : (i+1)*width]
}

func checkShifts(list []Shift, c *Config) error {
	for i, s := range list {
		switch n := len(s.Add); {
		case s.Layer < 0 || s.Layer > c.Layers || s.At < 0:
			return fmt.Errorf("shift %d: layer %d from position %d on; there are layers 0 to %d (the head), and no position is negative", i, s.Layer, s.At, c.Layers)
		case n == 0 || n%c.Width != 0 || s.Repeat && n != c.Width:
			return fmt.Errorf("shift %d: %d values; it needs rows of %d, and one row to repeat", i, n, c.Width)
		}
	}
	return nil
}

// probe adds shifts in a pass over one sequence and gathers their gradients.
type probe struct {
	shifts []Shift
	grads  [][]float32 // like the shifts' Add
}

// enter shifts what layer reads. Row i of x is at position pos[i], or, where sel
// is not nil, pos[sel[i]].
func (p *probe) enter(layer int, x tensor.Mat, pos, sel []int32) {
	p.each(layer, x, pos, sel, func(i int, at int, row []float32) {
		if add := p.shifts[i].of(p.shifts[i].Add, at, x.Cols); add != nil {
			tensor.Add(row, add)
		}
	})
}

// leave gathers the gradient of what layer reads.
func (p *probe) leave(layer int, dx tensor.Mat, pos, sel []int32) {
	p.each(layer, dx, pos, sel, func(i int, at int, row []float32) {
		if sum := p.shifts[i].of(p.grads[i], at, dx.Cols); sum != nil {
			tensor.Add(sum, row)
		}
	})
}

func (p *probe) each(layer int, x tensor.Mat, pos, sel []int32, do func(shift, at int, row []float32)) {
	for i := range p.shifts {
		if p.shifts[i].Layer != layer {
			continue
		}
		for r := range x.Rows {
			at := r
			if sel != nil {
				at = int(sel[r])
			}
			do(i, int(pos[at]), x.Row(r))
		}
	}
}

// Probe computes losses over a model's distributions and their gradients with
// respect to shifts of its hidden states. The model does not change. It is not
// for concurrent use.
//
// It serves corrections at decoding time: SRGen (a vector at the head, from the
// context's cross-entropy and the next token's entropy, then used by
// Prompt.Steer) and SelfControl (the gradient of a suffix's score with respect to
// hidden states, or a learned prefix, then used by Prompt.Shifts).
type Probe struct {
	m      *Model
	fw, bw packedWeights
	s      shard
	logp   block
	dlogp  block
}

// NewProbe makes a probe of m.
func NewProbe(m *Model) *Probe {
	p := &Probe{m: m}
	p.fw.forward = true
	return p
}

// ProbeLoss is a loss over distributions. Row i of logp holds the
// log-probabilities of the whole vocabulary for one position; the loss writes
// its derivatives with respect to them to dlogp, which arrives zeroed, treating
// them as if they were free. See AddLogprob and AddEntropy.
type ProbeLoss func(logp, dlogp [][]float32) float64

// Gradient computes the loss of a sequence under shifts, and its gradient with
// respect to each, in the shape of its Add. Row i of the loss is the distribution
// of token from+i given those before it; the last row is that of the token that
// would follow. from is at least 1.
func (p *Probe) Gradient(tokens []int32, from int, shifts []Shift, loss ProbeLoss) (float64, [][]float32, error) {
	c := &p.m.cfg
	err := checkTokens(tokens, c.Vocab, "sequence", 0)
	if err == nil {
		err = checkShifts(shifts, c)
	}
	if n := len(tokens); err == nil && (from < 1 || from > n || n > c.Context) {
		err = fmt.Errorf("positions %d to %d of %d tokens, in a context of %d", from, n, n, c.Context)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("probing hidden states: %w", err)
	}
	p.fw.packAll(p.m)
	p.bw.packAll(p.m)
	pr := &probe{shifts: shifts}
	for _, s := range shifts {
		pr.grads = append(pr.grads, make([]float32, len(s.Add)))
	}
	s := &p.s
	s.reset()
	s.feed(tokens, c.Heads)
	for r := from - 1; r < len(tokens); r++ {
		s.want(r, -1, 0, 0)
	}
	s.probe, s.whole = pr, true
	s.forward(p.m, &p.fw)

	logp, dlogp := p.logp.shape(s.outs, c.Vocab), p.dlogp.shape(s.outs, c.Vocab)
	clear(dlogp.Data)
	lrows, drows := make([][]float32, s.outs), make([][]float32, s.outs)
	for i := range lrows {
		lrows[i], drows[i] = logp.Row(i), dlogp.Row(i)
		tensor.LogSoftmax(lrows[i], s.logits.Row(i))
	}
	value := loss(lrows, drows)
	// From log-probabilities to logits: g - softmax · sum(g).
	for i := range lrows {
		sum := 0.0
		for _, g := range drows[i] {
			sum += float64(g)
		}
		row := s.logits.Row(i)
		tensor.Exp(row, lrows[i])
		tensor.Scale(row, float32(-sum))
		tensor.Add(row, drows[i])
	}
	s.graded = true
	s.backward(p.m, &p.bw, &gradient{})
	return value, pr.grads, nil
}

// AddLogprob adds scale times the log-probability of token to a loss; with
// scale -1/n over n rows it is their mean cross-entropy.
func AddLogprob(logp, dlogp []float32, token int32, scale float64) float64 {
	dlogp[token] += float32(scale)
	return scale * float64(logp[token])
}

// AddEntropy adds scale times a distribution's entropy, in nats.
func AddEntropy(logp, dlogp []float32, scale float64) float64 {
	p := make([]float32, len(logp))
	tensor.Exp(p, logp)
	h := 0.0
	for i, lp := range logp {
		if p[i] != 0 {
			h -= float64(p[i]) * float64(lp)
			dlogp[i] -= float32(scale) * p[i] * (lp + 1)
		}
	}
	return scale * h
}
