package verifier

import (
	"cmp"
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
			"With `about: question` it is asked how uncertain it is about the question, not how sure of the answer, and the value is 1 less that. " +
			"The paper finds a critique of the question's uncertainty to help with open answers, of the answer's confidence with multiple choice. There " +
			"the one who answered is asked, and may change the answer in its critique; here attempts stand. Nothing is trained: what it calls CritiCal, " +
			"fine-tuning on a teacher's critiques, is left to recipes.",
		Paper:   "CritiCal: Can Critique Help LLM Uncertainty or Confidence Calibration? (Zong et al., 2025)",
		ID:      "S059",
		Example: "verbalized: {seat: judge, critique: true}",
	}, newVerbalized)
}

// VerbalizedConfig configures verbalized.
type VerbalizedConfig struct {
	Asking
	About          string `yaml:"about" enum:"answer|question" default:"answer" doc:"Whether it states its confidence in the answer, or its uncertainty about the question."`
	Prompt         string `yaml:"prompt" ref:"prompt" default:"confidence" doc:"How the seat is asked for its confidence."`
	DoubtPrompt    string `yaml:"doubt_prompt" ref:"prompt" default:"uncertainty" doc:"How it is asked for its uncertainty about the question."`
	Critique       bool   `yaml:"critique" default:"false" doc:"Whether it criticises what it stated, and states it anew."`
	CritiquePrompt string `yaml:"critique_prompt" ref:"prompt" default:"critique_confidence" doc:"How it is asked to criticise a confidence."`
	ReviewPrompt   string `yaml:"review_prompt" ref:"prompt" default:"critique_uncertainty" doc:"How it is asked to criticise an uncertainty."`
}

func newVerbalized(_ context.Context, h core.Host, c VerbalizedConfig) (core.Verifier, error) {
	first, second := cmp.Or(c.Prompt, prompt.Confidence), cmp.Or(c.CritiquePrompt, prompt.CritiqueConfidence)
	v := verbalized{doubt: c.About == "question"}
	if v.doubt {
		first, second = cmp.Or(c.DoubtPrompt, prompt.Uncertainty), cmp.Or(c.ReviewPrompt, prompt.CritiqueUncertainty)
	}
	var err error
	if v.first, err = newInterviewer(h, c.Seat, first); err == nil && c.Critique {
		v.second, err = newInterviewer(h, c.Seat, second)
	}
	if err != nil {
		return nil, fmt.Errorf("making verbalized: %w", err)
	}
	return attempts{"verbalized", "asking how likely attempts are right", v.judge}, nil
}

type verbalized struct {
	first, second *interviewer // second is nil without a critique
	doubt         bool         // what is stated is uncertainty
}

func (v verbalized) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i] = question{data: prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}, about: it.about()}
	}
	rulings, err := v.state(ctx, v.first, qs)
	if err != nil || v.second == nil {
		return rulings, err
	}
	var again []question
	var of []int
	for i, r := range rulings {
		if !r.score.Abstain {
			q := qs[i]
			stated := r.score.Value
			if v.doubt {
				stated = 1 - stated
			}
			q.data.Confidence = strconv.Itoa(int(math.Round(100*stated))) + "%"
			again, of = append(again, q), append(of, i)
		}
	}
	revised, err := v.state(ctx, v.second, again)
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

// state asks for confidences, or for uncertainties.
func (v verbalized) state(ctx context.Context, a *interviewer, qs []question) ([]ruling, error) {
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
		p, ok := prompt.ParseConfidence(a.asker.Dialect(), n.Content)
		if err := a.holds(qs[i], n); err != nil {
			rulings[i] = silent("the reply states nothing: " + err.Error())
		} else if ok {
			rulings[i] = sureOf(p, fmt.Sprintf("%s states %.3f", a.seat, p))
			if v.doubt {
				rulings[i] = sureOf(1-p, fmt.Sprintf("%s states an uncertainty of %.3f", a.seat, p))
			}
		} else {
			rulings[i] = silent("the reply states no single percentage")
		}
		rulings[i].node, rulings[i].usage = &n, r.usage()
	}
	return rulings, nil
}
