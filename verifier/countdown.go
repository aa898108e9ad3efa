package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/world/countdown"
)

func init() {
	registry.Verifier("countdown", registry.Doc{
		Summary: "Judges an expression that is to reach a target from given numbers, each used exactly once.",
		Detail: "For rows with `numbers` and `target`, such as the game of 24. The answer is the last line, after an optional `Answer:` and left of " +
			"the first `=`; what stands right of it is ignored. It is computed in exact fractions, with + - * / (also × ÷ · −) and parentheses; " +
			"a leading minus is allowed, powers, factorials and digits put together are not. The verifier `oracle` also takes a chain of steps. " +
			"Abstains on tasks without numbers.",
		Paper:   "Tree of Thoughts: Deliberate Problem Solving with Large Language Models (Yao et al., 2023)",
		Example: "countdown: {}",
		Needs:   []string{registry.NeedReference},
	}, newCountdown)
}

// CountdownConfig configures countdown; it has no settings.
type CountdownConfig struct{}

func newCountdown(context.Context, core.Host, CountdownConfig) (core.Verifier, error) {
	return puzzles{}, nil
}

type puzzles struct{}

// Verify scores each node 1 or 0.
func (puzzles) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("judging a puzzle: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	var ref struct {
		Numbers []int64
		Target  *int64
	}
	unread := decodeReference(ep.Task, &ref)
	var j core.Judgement
	for _, r := range at {
		switch {
		case unread != nil:
			j.Scores = append(j.Scores, abstain("countdown", r, unread.Error()))
		case len(ref.Numbers) == 0 || ref.Target == nil:
			j.Scores = append(j.Scores, abstain("countdown", r, "the task has no numbers with a target"))
		default:
			v := countdown.Answer(ref.Numbers, *ref.Target, attempt(ep, r))
			j.Scores = append(j.Scores, core.Score{By: "countdown", Nodes: []core.Ref{r}, Value: truth(v.Right), Confidence: 1, Rationale: v.Reason})
		}
	}
	return j, nil
}
