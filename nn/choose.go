package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"pawl/nn/constraint"
	"pawl/tensor"
)

// choose draws a slot's next token, given the head's output and input. If that
// ends the sequence, the completion is recorded.
func (d *decoder) choose(x *slot, logits, hidden []float32) {
	defer d.caught(x)
	p := x.p
	from := logits
	if p.changes() {
		d.row = growAligned(d.row, len(logits))
		copy(d.row, logits)
		from = d.row
		if p.Steer != nil {
			hidden = slices.Clone(hidden)
			d.path = append(append(d.path[:0], p.Tokens...), x.tokens...)
			if p.Steer(p.First+x.at, d.path, hidden) {
				tensor.Mul(rowMat(from), rowMat(hidden), &d.pw.head, false)
			}
		}
		if p.Intervene != nil {
			d.path = append(append(d.path[:0], p.Tokens...), x.tokens...)
			p.Intervene(p.First+x.at, d.path, from)
		}
		for id, b := range p.Bias {
			from[id] += b
		}
		if p.Constraint != nil && !d.constrain(x, from) {
			return
		}
	}
	token, logp := d.draw.draw(from, p, &x.rng)
	raw := logp
	if p.changes() || p.Temperature != 0 && (p.Temperature != 1 || p.truncates(len(logits))) {
		raw = d.draw.logSoftmax(logits, token)
	}
	x.token = token
	x.tokens, x.logp, x.raw = append(x.tokens, token), append(x.logp, logp), append(x.raw, raw)
	if x.seen != nil {
		d.look.see(x.seen, &p.Want, logits)
		if p.Want.Hidden {
			x.seen.Hidden = append(x.seen.Hidden, slices.Clone(hidden))
		}
	}
	if p.OnToken != nil {
		p.OnToken(p.First+x.at, token, logp)
	}
	stop := p.stops(token)
	if p.Constraint != nil && !stop {
		if x.state = p.Constraint.Next(x.state, token); x.state == nil {
			d.unconstrained(x, constraint.ErrTooAmbiguous)
			return
		}
		stop = d.complete(x)
	}
	if x.watch != nil && x.watch(token) {
		stop = true
	}
	switch {
	case stop:
		d.finish(x, FinishStop)
	case len(x.tokens) == x.limit:
		d.finish(x, FinishLength)
	}
}

// changes tells whether the tokens are drawn from other logits than the
// model's.
func (p *Prompt) changes() bool {
	return p.Steer != nil || p.Intervene != nil || len(p.Bias) > 0 || p.Constraint != nil
}

func rowMat(x []float32) tensor.Mat {
	return tensor.Mat{Data: x, Rows: 1, Cols: len(x), Stride: len(x)}
}

var forbidden = float32(math.Inf(-1))

// constrain masks the tokens that may not come next. If none may, or what may
// has been forbidden otherwise, the call of Generate ends with an error: false.
func (d *decoder) constrain(x *slot, logits []float32) bool {
	p := x.p
	bits, _, err := p.Constraint.Tokens(x.state)
	if err != nil {
		d.unconstrained(x, err)
		return false
	}
	some := false
	for i := range logits {
		ok := i>>6 < len(bits) && bits[i>>6]>>(i&63)&1 == 1
		if !ok && !(x.state.Accepting() && p.stops(int32(i))) {
			logits[i] = forbidden
		}
		some = some || logits[i] > forbidden
	}
	if !some {
		d.unconstrained(x, errNoneCanFollow)
	}
	return some
}

var errNoneCanFollow = errors.New("none can follow that the constraint, bias and intervention allow")

// unconstrained ends x's call of Generate, for its constraint cannot be kept.
func (d *decoder) unconstrained(x *slot, why error) {
	x.ended = true
	d.s.stop(x.j, nil, fmt.Errorf("prompt %d, sample %d: after %d tokens %w", x.prompt, x.p.First+x.at, len(x.tokens), why))
}

// complete tells whether x's text can only end, and there is no stop token to
// say so.
func (d *decoder) complete(x *slot) bool {
	if len(x.p.Stop) > 0 || !x.state.Accepting() {
		return false
	}
	_, count, err := x.p.Constraint.Tokens(x.state)
	return count == 0 && err == nil
}

// finish records the completion of x.
func (d *decoder) finish(x *slot, why Finish) {
	defer d.caught(x)
	x.ended, x.told = true, true
	x.j.done(Completion{
		Prompt: x.prompt, Sample: x.p.First + x.at, Tokens: x.tokens, Logprobs: x.logp, Raw: x.raw,
		Finish: why, Seen: x.seen,
	}, x.at)
}

// guard calls a callback of x's prompt. What it panics with ends x's call of
// Generate, and no other.
func (d *decoder) guard(x *slot, callback func()) {
	defer d.caught(x)
	callback()
}

// caught is deferred around callbacks.
func (d *decoder) caught(x *slot) {
	if v := recover(); v != nil {
		x.ended = true
		d.s.stop(x.j, &fault{v}, nil)
	}
}

// arena cuts completions from larger pieces, which they then own for good.
type arena struct {
	tokens []int32
	floats []float32
}

// take returns empty slices with room for n values each, or for fewer where n
// is large: append then moves them.
func (a *arena) take(n int) (tokens []int32, logp, raw []float32) {
	n = min(n, 64)
	const piece = 4096
	if len(a.tokens) < n {
		a.tokens = make([]int32, piece)
	}
	if len(a.floats) < 2*n {
		a.floats = make([]float32, 2*piece)
	}
	tokens, logp, raw = a.tokens[:0:n], a.floats[:0:n], a.floats[n:n:2*n]
	a.tokens, a.floats = a.tokens[n:], a.floats[2*n:]
	return tokens, logp, raw
}
