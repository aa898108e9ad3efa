package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/gate"
	"pawl/gate/results"
)

type gateCmd struct {
	Incumbent string  `arg:"" help:"Result file of what is in force."`
	Candidate string  `arg:"" help:"Result file of what would replace it."`
	By        string  `help:"Which score to compare, where rows have several." placeholder:"NAME"`
	Common    bool    `help:"Compare the items that both files have, where they differ."`
	Alpha     float64 `help:"Largest chance of promoting something useless." default:"0.05" placeholder:"P"`
	MinGain   float64 `help:"Smallest gain that is promoted." default:"0" placeholder:"GAIN"`
	Attempt   int     `help:"Which attempt of a series this is: later ones may spend less of alpha (default: a comparison that stands alone)." placeholder:"K"`
	JSON      bool    `help:"Print one JSON document."`
}

// Help is shown below the flags.
func (cmd *gateCmd) Help() string {
	return `Files are JSON lines with id and one of correct, score or scores; sample logs of lm-evaluation-harness; or inspect_ai logs. Right-or-wrong answers are compared by McNemar's exact one-sided test, graded ones by the sign-flip permutation test.

Exit status: 0 promote, 2 files that cannot be compared, 3 reject or not proven.`
}

func (cmd *gateCmd) Run(ctx context.Context, c *console) error {
	g := gate.Paired{Alpha: cmd.Alpha, MinGain: cmd.MinGain, Power: 0.8}
	if err := g.Validate(); err != nil {
		return usagef("comparing: %w", err)
	}
	if cmd.Attempt < 0 {
		return usagef("comparing: attempt %d; attempts count from 1", cmd.Attempt)
	}
	a, err := results.Read(cmd.Incumbent, results.Options{By: cmd.By})
	if err != nil {
		return inputError(ctx, err)
	}
	b, err := results.Read(cmd.Candidate, results.Options{By: cmd.By})
	if err != nil {
		return inputError(ctx, err)
	}
	found, err := results.Compare(a, b, results.CompareOptions{Gate: g, Attempt: cmd.Attempt, Common: cmd.Common})
	if err != nil {
		return inputError(ctx, err)
	}
	for _, note := range found.Notes {
		c.note("note: %s", note)
	}
	if found.Verdict.Outcome != core.Promote {
		c.status = exitNotPromoted
	}
	if cmd.JSON {
		return c.document(found)
	}
	_, err = fmt.Fprint(c.out, comparisonText(found))
	return err
}

// comparisonText is the comparison for people.
func comparisonText(r *results.Comparison) string {
	var b strings.Builder
	v := r.Verdict
	counted := func(right int) string {
		if !r.Test.Binary {
			return ""
		}
		return fmt.Sprintf(", %d right", right)
	}
	what := r.Candidate.Name
	fmt.Fprintf(&b, "%d tasks, %s with 95%% intervals\n", v.N, what)
	fmt.Fprintf(&b, "  incumbent   %s%s\n", share(r.Incumbent.Value, r.Incumbent.Low, r.Incumbent.High), counted(r.IncumbentRight))
	fmt.Fprintf(&b, "  candidate   %s%s\n", share(r.Candidate.Value, r.Candidate.Low, r.Candidate.High), counted(r.CandidateRight))
	fmt.Fprintf(&b, "  difference  %s, %d gained, %d lost\n", difference(v.Difference, v.Low, v.High), v.Gained, v.Lost)
	fmt.Fprintf(&b, "  p-value     %s, one-sided; alpha %.4g; could have detected a gain of %.3f\n", pvalue(v.PValue), v.Alpha, v.Detectable)
	fmt.Fprintf(&b, "verdict: %s\n", strings.ReplaceAll(v.Outcome, "_", " "))
	if v.Reason != "" {
		fmt.Fprintf(&b, "%s\n", v.Reason)
	}
	return b.String()
}
