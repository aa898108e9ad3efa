package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("exact", registry.Doc{
		Summary: "Compares the final answer with the reference answer.",
		Detail: "Numbers are equal whatever their commas, units and trailing zeros; text is compared without case. " +
			"Where the reference is a worked solution, its own final answer counts. Abstains on tasks without a reference.",
		Example: "exact: {extract: boxed}",
		Needs:   []string{registry.NeedReference},
	}, newExact)
}

// ExactConfig configures exact.
type ExactConfig struct{ Extract }

func newExact(_ context.Context, _ core.Host, c ExactConfig) (core.Verifier, error) {
	return exact{c}, nil
}

type exact struct{ cfg ExactConfig }

// Answer is the final answer of attempt r in canonical form, "" for none.
func (e exact) Answer(ep *core.Episode, r core.Ref) string { return e.cfg.Answer(attempt(ep, r)) }

// Verify scores each node 1 or 0.
func (e exact) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("comparing with the reference: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	var j core.Judgement
	want := referenceAnswer(ep.Task)
	for _, r := range at {
		if want == "" {
			j.Scores = append(j.Scores, abstain("exact", r, "the task has no reference answer"))
			continue
		}
		got := e.cfg.Answer(attempt(ep, r))
		s := core.Score{By: "exact", Nodes: []core.Ref{r}, Value: truth(got == want), Confidence: 1}
		switch {
		case got == "":
			s.Rationale = fmt.Sprintf("gives no answer; the reference is %q", want)
		case got != want:
			s.Rationale = fmt.Sprintf("answers %q; the reference is %q", got, want)
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// referenceAnswer is the canonical gold answer of a task, "" for none. An
// answer that is itself a worked solution ends with its answer after ####.
func referenceAnswer(t core.Task) string {
	ref := t.Ref()
	if a := Canonical(afterHashes(ref.Answer)); a != "" {
		return a
	}
	if b := boxed(ref.Answer); b != "" {
		return Canonical(b)
	}
	if a := Canonical(ref.Answer); a != "" {
		return a
	}
	if ref.Solution != "" {
		return Extract{}.Answer(ref.Solution)
	}
	return ""
}
