package verifier

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("verbalized", registry.Doc{
		Summary: "Judges an attempt by the probability of being right that a model states in words.",
		Detail: "The seat is asked for a percentage, which is the value; the confidence is that of the likelier verdict. " +
			"With `critique` it is then shown the attempt once more with its number, asked to criticise that, and to state it anew. " +
			"Models tend to state 80 to 100 percent whatever they see: calibrate the values before they are taken for probabilities. " +
			"A reply that states no single percentage is abstained on. " +
			"The paper finds a critique of the question's uncertainty to help with open answers, of the answer's confidence with multiple choice; this " +
			"is the latter, untrained.",
		Paper:   "CritiCal: Can Critique Help LLM Uncertainty or Confidence Calibration? (Zong et al., 2025)",
		ID:      "S059",
		Example: "verbalized: {seat: judge, critique: true}",
	}, newVerbalized)
}

// VerbalizedConfig configures verbalized.
type VerbalizedConfig struct {
	Asking
	Prompt         string `yaml:"prompt" ref:"prompt" default:"confidence" doc:"How the seat is asked for its confidence."`
	Critique       bool   `yaml:"critique" default:"false" doc:"Whether it criticises the confidence that it stated, and states it anew."`
	CritiquePrompt string `yaml:"critique_prompt" ref:"prompt" default:"critique_confidence" doc:"How it is asked to."`
}

func newVerbalized(_ context.Context, h core.Host, c VerbalizedConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Confidence
	}
	if c.CritiquePrompt == "" {
		c.CritiquePrompt = prompt.CritiqueConfidence
	}
	var v verbalized
	var err error
	if v.first, err = newInterviewer(h, c.Seat, c.Prompt); err == nil && c.Critique {
		v.second, err = newInterviewer(h, c.Seat, c.CritiquePrompt)
	}
	if err != nil {
		return nil, fmt.Errorf("making verbalized: %w", err)
	}
	return attempts{"verbalized", "asking how likely attempts are right", v.judge}, nil
}

type verbalized struct{ first, second *interviewer } // second is nil without a critique

func (v verbalized) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i] = question{data: prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}, about: it.about()}
	}
	rulings, err := state(ctx, v.first, qs)
	if err != nil || v.second == nil {
		return rulings, err
	}
	var again []question
	var of []int
	for i, r := range rulings {
		if !r.score.Abstain {
			q := qs[i]
			q.data.Confidence = strconv.Itoa(int(math.Round(100*r.score.Value))) + "%"
			again, of = append(again, q), append(of, i)
		}
	}
	revised, err := state(ctx, v.second, again)
	if err != nil {
		return nil, err
	}
	for k, i := range of {
		before := rulings[i]
		revised[k].usage.Add(before.usage)
		if !revised[k].score.Abstain {
			revised[k].score.Rationale += fmt.Sprintf(", after a critique of %.3f", before.score.Value)
		}
		rulings[i] = revised[k]
	}
	return rulings, nil
}

// state asks for confidences.
func state(ctx context.Context, a *interviewer, qs []question) ([]ruling, error) {
	replies, err := a.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(qs))
	for i, r := range replies {
		if r.unasked != "" {
			rulings[i] = silent(r.unasked)
			continue
		}
		n := r.nodes[0]
		if p, ok := prompt.ParseConfidence(a.asker.Dialect(), n.Content); ok {
			rulings[i] = sureOf(p, fmt.Sprintf("%s states %.3f", a.seat, p))
		} else {
			rulings[i] = silent("the reply states no single percentage")
		}
		rulings[i].node, rulings[i].usage = &n, r.usage()
	}
	return rulings, nil
}
