package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("p_true", registry.Doc{
		Summary: "Judges an attempt by the probability with which a model says that it is right.",
		Detail: "The seat is asked whether the attempt is right; the value is P(yes) / (P(yes) + P(no)), read from the model's log-probabilities, " +
			"so that nothing is drawn. " +
			"With `shown`, that many other attempts of the same seat at the task are shown before, which the paper finds to help; " +
			"it draws five and asks about one of them, which is `shown: 4`. It asks whether an answer is (A) True or (B) False. " +
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
	Prompt      string `yaml:"prompt" ref:"prompt" default:"verify" doc:"How the seat is asked."`
	Shown       int    `yaml:"shown" default:"0" min:"0" max:"100" doc:"Most other attempts at the task that are shown, the first of the episode; as many as in the paper are 4, beside the one in question."`
	ShownPrompt string `yaml:"shown_prompt" ref:"prompt" default:"verify_among" doc:"How the seat is asked where others are shown."`
}

func newPTrue(_ context.Context, h core.Host, c PTrueConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Verify
	}
	if c.ShownPrompt == "" {
		c.ShownPrompt = prompt.VerifyAmong
	}
	template := c.Prompt
	if c.Shown > 0 {
		template = c.ShownPrompt
	}
	a, err := newInterviewer(h, c.Seat, template)
	if err != nil {
		return nil, fmt.Errorf("making p_true: %w", err)
	}
	p := pTrue{a, c.Shown}
	judges := attempts{"p_true", "reading the probability that attempts are right", p.judge}
	if c.Shown > 0 {
		return grouped{judges}, nil
	}
	return judges, nil
}

type pTrue struct {
	*interviewer
	shown int
}

func (p pTrue) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i].data = prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text(), Attempts: others(it, p.shown)}
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
		rulings[i] = sureOf(v, fmt.Sprintf("yes has %.3f of the probability of yes and no", v))
		rulings[i].usage = core.Usage{Calls: 1}
	}
	return rulings, nil
}

// others are the first attempts at the task by whoever made this one, at most n,
// this one left out.
func others(it item, n int) []string {
	var texts []string
	if n == 0 {
		return nil
	}
	for _, r := range it.ep.Leaves() {
		if r != it.at && it.ep.Node(r).Actor == it.ep.Node(it.at).Actor {
			if texts = append(texts, attempt(it.ep, r)); len(texts) == n {
				break
			}
		}
	}
	return texts
}

// grouped are judgements of attempts that depend on the others at the task.
type grouped struct{ attempts }

// Grouped is true.
func (grouped) Grouped() bool { return true }
