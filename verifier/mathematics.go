package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/internal/mathexpr"
)

func init() {
	registry.Verifier("mathematics", registry.Doc{
		Summary: "Decides whether the final answer means what the reference answer means, as mathematics.",
		Detail: "Reads LaTeX and plain text: numbers, fractions, percentages, units, roots, powers, logarithms, trigonometry, " +
			"complex numbers, variables, lists, sets, tuples, intervals, matrices, equations and inequalities. Numbers are compared " +
			"exactly, over the rationals; other expressions at random points, to hundreds of digits. Abstains where it is not sure, " +
			"and on tasks without a reference. A list without brackets has no order, a tuple has; a unit that one side leaves out " +
			"does not matter; 50% is 50 and 0.5.",
		Example: "mathematics: {extract: boxed}",
		Needs:   []string{registry.NeedReference},
	}, newMathematics)
}

// MathematicsConfig configures mathematics.
type MathematicsConfig struct {
	Extract
	Tolerance float64 `yaml:"tolerance,omitzero" default:"0" min:"0" max:"0.1" doc:"Largest relative difference between two numbers, one of them a decimal, at which they are the same: for references that were rounded."`
	Order     bool    `yaml:"order,omitzero" default:"false" doc:"Whether the order of a list without brackets counts."`
}

func newMathematics(_ context.Context, _ core.Host, c MathematicsConfig) (core.Verifier, error) {
	return mathematics{c}, nil
}

type mathematics struct{ cfg MathematicsConfig }

// Answer is the final answer of attempt r, "" for none: as a number where it
// is a rational one, and else as exact has it. It is cheaper than a
// comparison, and finer: answers that differ in it may still be equal.
func (m mathematics) Answer(ep *core.Episode, r core.Ref) string {
	said := m.cfg.said(attempt(ep, r))
	if n, ok := mathexpr.Rational(said); ok {
		return n
	}
	return Canonical(said)
}

// Verify scores each node 1 or 0, and abstains where the comparison is not
// sure.
func (m mathematics) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("comparing answers as mathematics: %w", err)
	}
	var j core.Judgement
	want := saidReference(ep.Task)
	for _, r := range at {
		if err := ctx.Err(); err != nil {
			return core.Judgement{}, err
		}
		if want == "" {
			j.Scores = append(j.Scores, abstain("mathematics", r, "the task has no reference answer"))
			continue
		}
		got := m.cfg.said(attempt(ep, r))
		if got == "" {
			j.Scores = append(j.Scores, core.Score{By: "mathematics", Nodes: []core.Ref{r}, Confidence: 1, Rationale: fmt.Sprintf("gives no answer; the reference is %q", want)})
			continue
		}
		verdict, why := mathexpr.Compare(got, want, mathexpr.Options{Tolerance: m.cfg.Tolerance, Ordered: m.cfg.Order})
		if why != "" {
			why = ": " + why
		}
		switch verdict {
		case mathexpr.Unsure:
			j.Scores = append(j.Scores, abstain("mathematics", r, fmt.Sprintf("cannot tell whether %.200q is the reference %.200q%s", got, want, why)))
		case mathexpr.Different:
			j.Scores = append(j.Scores, core.Score{By: "mathematics", Nodes: []core.Ref{r}, Confidence: 1, Rationale: fmt.Sprintf("answers %.200q; the reference is %.200q%s", got, want, why)})
		default:
			j.Scores = append(j.Scores, core.Score{By: "mathematics", Nodes: []core.Ref{r}, Value: 1, Confidence: 1})
		}
	}
	return j, nil
}

// said reads the final answer of a completion as it was written, "" for none.
func (e Extract) said(text string) string {
	if e.From != "auto" && e.From != "" {
		return e.read(text)
	}
	for _, read := range []func(string) string{afterHashes, boxed, phrase, lastNumber, lastLine} {
		if a := read(text); Canonical(a) != "" {
			return a
		}
	}
	return ""
}

// saidReference is the gold answer of a task as it was written, "" for none.
func saidReference(t core.Task) string {
	ref := t.Ref()
	for _, read := range []func(string) string{afterHashes, boxed} {
		if a := read(ref.Answer); Canonical(a) != "" {
			return a
		}
	}
	if Canonical(ref.Answer) != "" {
		return ref.Answer
	}
	if ref.Solution != "" {
		return Extract{}.said(ref.Solution)
	}
	return ""
}
