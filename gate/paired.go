package gate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

// Paired is the settings of the gate `paired`.
type Paired struct {
	Alpha   float64 `yaml:"alpha" default:"0.05" min:"0" max:"0.5" doc:"Largest chance that a whole run of useless candidates promotes any of them."`
	MinGain float64 `yaml:"min_gain" default:"0" min:"0" doc:"Smallest observed gain that is promoted, in units of the score."`
	Power   float64 `yaml:"power" default:"0.8" min:"0" max:"1" doc:"Power at which the smallest detectable gain is stated."`
}

// Validate refuses settings with which nothing could ever be proven.
func (c Paired) Validate() error {
	if !(c.Alpha > 0 && c.Alpha <= 0.5) {
		return fmt.Errorf("alpha is %v: it must be above 0 and at most 0.5", c.Alpha)
	}
	if !(c.MinGain >= 0) || math.IsInf(c.MinGain, 0) {
		return fmt.Errorf("min_gain is %v: it must be 0 or more", c.MinGain)
	}
	if !(c.Power > 0 && c.Power < 1) {
		return fmt.Errorf("power is %v: it must lie between 0 and 1", c.Power)
	}
	return nil
}

func init() {
	registry.Gate("paired", registry.Doc{
		Summary: "Promotes a candidate that beats the incumbent on the same tasks by an exact paired test.",
		Detail: "Right-or-wrong scores are compared by McNemar's exact one-sided test, graded scores by the sign-flip " +
			"permutation test. Attempt k of a run may spend alpha * 6 / (pi^2 k^2), so that the chance of ever promoting " +
			"a useless candidate stays below alpha however many attempts are made. A candidate is promoted if its p-value " +
			"is within that and its gain at least min_gain; rejected if the test in the other direction is, or if the 95% " +
			"interval of the difference lies below zero; otherwise its gain is not proven.",
		Paper:   "Note on the sampling error of the difference between correlated proportions or percentages (McNemar, 1947)",
		Example: "gate: {paired: {alpha: 0.05, min_gain: 0.01}}",
	}, func(_ context.Context, _ core.Host, c Paired) (core.Gate, error) { return c, c.Validate() })
}

var _ core.Gate = Paired{}

// Decide compares the items of t pair by pair. Items with the same non-empty
// Cluster count as one unit of evidence. It fails on evidence that cannot be
// judged: no items, an id twice, a score that is not finite, no attempt number.
func (c Paired) Decide(ctx context.Context, t core.Trial) (core.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return core.Verdict{}, err
	}
	if t.Attempt < 1 {
		return core.Verdict{}, fmt.Errorf("deciding on attempt %d: attempts count from 1", t.Attempt)
	}
	v, _, err := c.Compare(t)
	return v, err
}

// Compare is Decide for callers that also want the comparison behind the
// verdict. Attempt 0 is a comparison that stands alone, not one of a run: it
// may spend all of alpha.
func (c Paired) Compare(t core.Trial) (core.Verdict, stats.Paired, error) {
	if err := errors.Join(c.Validate(), check(t)); err != nil {
		return core.Verdict{}, stats.Paired{}, fmt.Errorf("deciding on attempt %d: %w", t.Attempt, err)
	}
	alpha, left := c.Alpha, 0.0
	if t.Attempt > 0 {
		alpha, left = stats.SpendAlpha(c.Alpha, t.Attempt), stats.AlphaLeft(c.Alpha, t.Attempt)
	}
	incumbent, candidate := make([]float64, len(t.Items)), make([]float64, len(t.Items))
	cluster := make([]string, len(t.Items))
	for i, it := range t.Items {
		incumbent[i], candidate[i], cluster[i] = it.Incumbent, it.Candidate, it.Cluster
	}
	p := stats.Compare{Cluster: cluster, Flips: flips(alpha)}.Paired(incumbent, candidate)
	v := core.Verdict{
		N: p.N, Incumbent: p.Incumbent, Candidate: p.Candidate, Gained: p.Gained, Lost: p.Lost,
		Difference: p.Difference, Low: p.Low, High: p.High, PValue: p.PValue,
		Alpha: alpha, AlphaLeft: left,
		Detectable: c.detectable(p, alpha),
	}
	v.Outcome = c.outcome(p, alpha)
	v.Reason = c.reason(v, p)
	return v, p, nil
}

// outcome is the rule. The p-values of the two directions share the observed
// outcome and so sum to at least 1: at most one of them is within alpha.
func (c Paired) outcome(p stats.Paired, alpha float64) string {
	switch {
	case p.PValue <= alpha && p.Difference >= c.MinGain && p.Difference > 0:
		return core.Promote
	case p.Worse <= alpha, p.High < 0 && (p.Binary || p.Worse <= 0.025):
		// The bootstrap interval of few graded items is too narrow to be
		// believed alone; the exact test at the interval's level must agree.
		return core.Reject
	}
	return core.NotProven
}

// flips is enough random sign vectors for a p-value of alpha to be seen twenty
// times, within what a decision may cost. At the cap, smaller levels than 5e-7
// cannot be reached by sampling, which errs towards not proven.
func flips(alpha float64) int {
	return int(min(2_000_000, max(20_000, math.Ceil(20/alpha))))
}

// detectable is the smallest gain that the trial had the stated power to find,
// at the discordance or the spread that it showed.
func (c Paired) detectable(p stats.Paired, alpha float64) float64 {
	if p.SD > 0 && !(p.Binary && p.Clusters == p.N) {
		return stats.DetectableMean(p.N, p.SD, alpha, c.Power)
	}
	// Scores that never differ show no spread; then, as for right and wrong,
	// count how many units would have to rise.
	gain, _ := stats.Detectable(p.Clusters, float64(p.Gained+p.Lost)/float64(p.N), alpha, c.Power)
	return gain
}

// maxScore bounds scores, so that differences, sums and squares of them are
// finite.
const maxScore = 1e100

func check(t core.Trial) error {
	if t.Attempt < 0 {
		return fmt.Errorf("attempts count from 1")
	}
	if len(t.Items) == 0 {
		return fmt.Errorf("there are no items to compare")
	}
	seen := make(map[string]bool, len(t.Items))
	for _, it := range t.Items {
		if seen[it.ID] {
			return fmt.Errorf("item %q appears twice", it.ID)
		}
		seen[it.ID] = true
		for _, x := range []float64{it.Incumbent, it.Candidate} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("item %q has the score %v", it.ID, x)
			}
			if math.Abs(x) > maxScore {
				return fmt.Errorf("item %q has the score %v; scores lie between -%g and %g", it.ID, x, maxScore, maxScore)
			}
		}
	}
	return nil
}

// reason is one sentence for people.
func (c Paired) reason(v core.Verdict, p stats.Paired) string {
	what := fmt.Sprintf("%d of %d items rose and %d fell", v.Gained, v.N, v.Lost)
	if p.Binary {
		what = fmt.Sprintf("the candidate gained %d of %d items and lost %d", v.Gained, v.N, v.Lost)
	}
	budget := fmt.Sprintf("the %.2g allowed", v.Alpha)
	switch {
	case v.Outcome == core.Promote:
		return fmt.Sprintf("Promoted: %s, which chance alone does with probability %.2g, within %s.", what, v.PValue, budget)
	case v.Outcome == core.Reject && p.Worse <= v.Alpha:
		return fmt.Sprintf("Rejected: %s, so it is worse than the incumbent (p = %.2g, within %s).", what, p.Worse, budget)
	case v.Outcome == core.Reject:
		return fmt.Sprintf("Rejected: %s, and the 95%% interval of the difference, %s to %s, lies below zero.", what, points(p, v.Low), points(p, v.High))
	case v.PValue <= v.Alpha:
		return fmt.Sprintf("Not proven: %s, which is better than chance, but the gain of %s is below the %s asked for.", what, points(p, v.Difference), points(p, c.MinGain))
	}
	found := fmt.Sprintf("a true gain of %s would have been found with %.0f%% power", points(p, v.Detectable), 100*c.Power)
	if p.Binary && v.Detectable >= 1 {
		found = "so few items can prove nothing at this level"
	}
	return fmt.Sprintf("Not proven: %s, which chance alone does with probability %.2g, above %s; %s.", what, v.PValue, budget, found)
}

// points writes a difference: percentage points of right-or-wrong scores,
// plain numbers of graded ones.
func points(p stats.Paired, x float64) string {
	if p.Binary {
		return fmt.Sprintf("%.1f points", 100*x)
	}
	return fmt.Sprintf("%.3g", x)
}
