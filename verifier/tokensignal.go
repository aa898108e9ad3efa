package verifier

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
)

// tokenSignal judges attempts by the distributions that their tokens were to be
// drawn from: the mean of a figure of each, over all tokens or those of the final
// answer. The distributions are never held, only the figures.
type tokenSignal struct {
	seat   string
	actor  core.Actor
	of     string                       // the figure, for rationales: "margin"
	reduce func(logp []float32) float32 // the figure of a distribution; nil for its entropy
	value  func(mean float64) float64
	answer *Extract // finds the final answer; nil for all tokens
}

func newTokenSignal(h core.Host, name, seat string, s tokenSignal) (core.Verifier, error) {
	if seat == "" {
		seat = "solver"
	}
	var err error
	if s.actor, err = h.Actor(seat); err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	s.seat = seat
	return attempts{name, "reading the distributions of attempts", s.judge}, nil
}

func (s tokenSignal) judge(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, len(items))
	for i, it := range items {
		paths[i] = asRead(it, s.seat)
	}
	r := core.Reading{Reduce: s.reduce}
	r.Entropy = s.reduce == nil
	seen, err := readAll(ctx, s.seat, s.actor, paths, r)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, o := range seen {
		rulings[i] = s.rule(o)
		if o != nil {
			rulings[i].usage = core.Usage{Calls: 1}
		}
	}
	return rulings, nil
}

func (s tokenSignal) rule(o *core.Observation) ruling {
	if o == nil {
		return silent(tooLongFor(s.seat))
	}
	figures, where := o.Reduced, ""
	if s.reduce == nil {
		figures = o.Entropy
	}
	if s.answer != nil {
		lo, hi := answerTokens(*s.answer, o.Text)
		if lo == hi {
			return silent("gives no answer")
		}
		figures, where = figures[lo:hi], fmt.Sprintf(" of %q", strings.Join(o.Text[lo:hi], ""))
	}
	if len(figures) == 0 {
		return silent("it has no tokens")
	}
	m := mean(figures)
	v := s.value(m)
	if !finite(v) {
		return silent(fmt.Sprintf("its %s is %v", s.of, m))
	}
	return ruling{score: core.Score{Value: v, Rationale: fmt.Sprintf("the %s of its %d tokens%s is %.3f in the mean", s.of, len(figures), where, m)}}
}

// answerTokens are the tokens lo to hi that make the final answer of a text,
// none where there is no answer, given what each token completes. A token that
// completes no character belongs to the one that it begins.
func answerTokens(e Extract, pieces []string) (lo, hi int) {
	text := strings.Join(pieces, "")
	from, to := e.span(text)
	if from == to {
		return 0, 0
	}
	at, begun := 0, 0 // bytes before the piece; the first token that begins what comes next
	lo = -1
	for i, p := range pieces {
		if p == "" {
			continue
		}
		if at < to && at+len(p) > from {
			if lo < 0 {
				lo = begun
			}
			hi = i + 1
		}
		at, begun = at+len(p), i+1
	}
	return max(lo, 0), hi
}
