package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("multiple_choice", registry.Doc{
		Summary: "Compares the option that is chosen with the right one.",
		Detail: "Options are the row's `choices`, or the labelled lines of the prompt (A. one, B) two, (C) three). The reference " +
			"is a letter, an option's text or, as `answer: 2` beside `choices`, an index from 0. An attempt chooses by letter or by the option's text: " +
			"its last announcement decides (\\boxed{B}, the answer is B, Answer: Paris). No choice is wrong. Abstains where the " +
			"task does not tell its options or the right one, and where an attempt is not clear: several options, or a letter beside another option's text.",
		Example: "multiple_choice: {}",
		Needs:   []string{registry.NeedReference},
	}, newMultipleChoice)
}

// MultipleChoiceConfig configures multiple_choice.
type MultipleChoiceConfig struct {
	Unclear string `yaml:"unclear" enum:"abstain|wrong" default:"abstain" doc:"What attempts are from which no choice, or more than one, can be read though they name options."`
}

func newMultipleChoice(_ context.Context, _ core.Host, c MultipleChoiceConfig) (core.Verifier, error) {
	return multipleChoice{c}, nil
}

type multipleChoice struct{ cfg MultipleChoiceConfig }

// Answer is the letter that attempt r chooses, "" for none.
func (m multipleChoice) Answer(ep *core.Episode, r core.Ref) string {
	opts, _, err := optionsOf(ep.Task)
	if err != nil {
		return ""
	}
	letter, _ := opts.read(attempt(ep, r))
	return letter
}

// Verify scores each node 1 or 0.
func (m multipleChoice) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("comparing choices: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	opts, right, unknown := optionsOf(ep.Task)
	var j core.Judgement
	for _, r := range at {
		if unknown != nil {
			j.Scores = append(j.Scores, abstain("multiple_choice", r, unknown.Error()))
			continue
		}
		letter, unclear := opts.read(attempt(ep, r))
		s := core.Score{By: "multiple_choice", Nodes: []core.Ref{r}, Value: truth(letter == right), Confidence: 1}
		switch {
		case unclear != "" && m.cfg.Unclear != "wrong":
			s = abstain("multiple_choice", r, unclear)
		case unclear != "":
			s.Rationale = unclear
		case letter == "":
			s.Rationale = fmt.Sprintf("chooses nothing; the right option is %s", right)
		case letter != right:
			s.Rationale = fmt.Sprintf("chooses %s; the right option is %s", letter, right)
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}
