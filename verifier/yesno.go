package verifier

import (
	"context"
	"math"

	"pawl/core"
	"pawl/prompt"
)

// yesNo are questions with both their answers, yes and no or other two: two paths for
// each question that can be put.
type yesNo struct {
	seat  string
	paths [][]core.Node
	of    []int    // the question of each pair of paths
	why   []string // of each question that cannot be put
}

func (a *interviewer) yesNo(qs []question) (yesNo, error) {
	return a.either(qs, prompt.SayYesNo(a.asker.Dialect(), true), prompt.SayYesNo(a.asker.Dialect(), false))
}

// either puts questions with two answers in place of yes and no.
func (a *interviewer) either(qs []question, one, other string) (yesNo, error) {
	asked, err := a.render(qs)
	if err != nil {
		return yesNo{}, err
	}
	v := yesNo{seat: a.seat, why: make([]string, len(qs))}
	for i, q := range asked {
		if v.why[i] = q.unasked; v.why[i] != "" {
			continue
		}
		v.of = append(v.of, i)
		v.paths = append(v.paths, onward(q.path, one), onward(q.path, other))
	}
	return v, nil
}

// yes gives P(yes) / (P(yes) + P(no)) of each question, given the log-probs of
// the paths, or why there is none.
func (v yesNo) yes(scores [][]float32) (p []float64, why []string) {
	p, why = make([]float64, len(v.why)), append([]string(nil), v.why...)
	for k, i := range v.of {
		yes, no := scores[2*k], scores[2*k+1]
		if yes == nil || no == nil {
			why[i] = "the question is too long for " + v.seat
			continue
		}
		p[i] = odds(yes, no)
	}
	return p, why
}

// odds is the share that one text has of the probability of two.
func odds(one, other []float32) float64 {
	return 1 / (1 + math.Exp(total(other)-total(one)))
}

// yes gives P(yes) / (P(yes) + P(no)) of each question, or why there is none.
func (a *interviewer) yes(ctx context.Context, qs []question) (p []float64, why []string, err error) {
	v, err := a.yesNo(qs)
	if err != nil {
		return nil, nil, err
	}
	scores, err := scoreAll(ctx, a.seat, a.actor, v.paths)
	if err != nil {
		return nil, nil, err
	}
	p, why = v.yes(scores)
	return p, why, nil
}

// letters gives P(A) / (P(A) + P(B)) of each question which of two is better.
func (a *interviewer) letters(ctx context.Context, qs []question) ([]findings[float64], error) {
	v, err := a.either(qs, prompt.SayChoice(a.asker.Dialect(), 0), prompt.SayChoice(a.asker.Dialect(), 1))
	if err != nil {
		return nil, err
	}
	scores, err := scoreAll(ctx, a.seat, a.actor, v.paths)
	if err != nil {
		return nil, err
	}
	p, why := v.yes(scores)
	out := make([]findings[float64], len(qs))
	for i := range out {
		if why[i] == "" && !finite(p[i]) {
			why[i] = "neither letter has a probability"
		}
		out[i].of = []finding[float64]{{value: p[i], why: why[i]}}
		if why[i] == "" {
			out[i].usage = core.Usage{Calls: 1}
		}
	}
	return out, nil
}

// sureOf is a ruling with the probability of yes as its value. The confidence is
// that of the likelier verdict.
func sureOf(yes float64, why string) ruling { return said(yes, max(yes, 1-yes), why) }

func total(logprobs []float32) (sum float64) {
	for _, l := range logprobs {
		sum += float64(l)
	}
	return sum
}
