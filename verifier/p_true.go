package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("p_true", registry.Doc{
		Summary: "Judges an attempt by the probability with which a model says that it is right.",
		Detail: "The seat is asked whether the attempt is right; the value is P(yes) / (P(yes) + P(no)), read from the model's log-probabilities, " +
			"so that nothing is drawn. " +
			"The confidence is that of the likelier verdict. A question that the seat cannot hold is abstained on.",
		Paper:   "Language Models (Mostly) Know What They Know (Kadavath et al., 2022)",
		ID:      "S045",
		Example: "p_true: {seat: judge}",
		Needs:   []string{registry.NeedLogprobs},
	}, newPTrue)
}

// PTrueConfig configures p_true.
type PTrueConfig struct {
	Asking
	Prompt string `yaml:"prompt" ref:"prompt" default:"verify" doc:"How the seat is asked."`
}

func newPTrue(_ context.Context, h core.Host, c PTrueConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Verify
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making p_true: %w", err)
	}
	p := pTrue{a}
	return attempts{"p_true", "reading the probability that attempts are right", p.judge}, nil
}

type pTrue struct{ *interviewer }

func (p pTrue) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i].data = prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}
	}
	yes, why, err := p.yes(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, v := range yes {
		if why[i] != "" {
			rulings[i] = silent(why[i])
			continue
		}
		rulings[i] = said(v, max(v, 1-v), fmt.Sprintf("yes has %.3f of the probability of yes and no", v))
		rulings[i].usage = core.Usage{Calls: 1}
	}
	return rulings, nil
}

// yes gives P(yes) / (P(yes) + P(no)) of each question, or why there is none.
func (a *interviewer) yes(ctx context.Context, qs []question) (p []float64, why []string, err error) {
	asked, err := a.render(qs)
	if err != nil {
		return nil, nil, err
	}
	p, why = make([]float64, len(qs)), make([]string, len(qs))
	var paths [][]core.Node
	var of []int
	for i, q := range asked {
		if why[i] = q.unasked; why[i] != "" {
			continue
		}
		of = append(of, i)
		for _, truth := range []bool{true, false} {
			says := core.Node{Role: core.RoleAssistant, Content: prompt.SayYesNo(a.asker.Dialect(), truth)}
			paths = append(paths, append(q.path[:len(q.path):len(q.path)], says))
		}
	}
	scores, err := scoreAll(ctx, a.seat, a.actor, paths)
	if err != nil {
		return nil, nil, err
	}
	for k, i := range of {
		yes, no := scores[2*k], scores[2*k+1]
		if yes == nil || no == nil {
			why[i] = "the question is too long for " + a.seat
			continue
		}
		p[i] = 1 / (1 + math.Exp(total(no)-total(yes)))
	}
	return p, why, nil
}

func total(logprobs []float32) (sum float64) {
	for _, l := range logprobs {
		sum += float64(l)
	}
	return sum
}
