package pawl

import (
	"math"
	"slices"

	"pawl/core"
	"pawl/stats"
)

// verdicts are the scores of one verifier beside the truth, by task.
func verdicts(by string, eps []*core.Episode, b *bench) []Verdicts {
	all := make([]Verdicts, len(eps))
	for i, ep := range eps {
		v := Verdicts{Task: ep.Task, Right: b.right[i]}
		if b.greedy != nil {
			v.Greedy = b.greedy[i]
		}
		first := ep.Root() + 1
		for k := range b.right[i] {
			at, value := first+core.Ref(k), math.NaN()
			if s, scored := ep.ScoreOf(by, at); scored && !s.Abstain {
				value = s.Value
			}
			v.Texts, v.Values = append(v.Texts, ep.Node(at).Content), append(v.Values, value)
		}
		all[i] = v
	}
	return all
}

// choice is what a verifier chooses at one task: the attempt of the greatest value,
// one of those that share it drawn.
type choice struct {
	spoke   bool    // it has a verdict on at least one attempt
	right   float64 // chance that the chosen one is right
	sampled float64 // share of right ones among those that it has a verdict on
	any     float64 // share of right ones among all
}

// worth is that of the choice over all tasks: without a verdict a bare draw.
func (c choice) worth() float64 {
	if c.spoke {
		return c.right
	}
	return c.any
}

func choices(of []Verdicts) []choice {
	all := make([]choice, len(of))
	for i, v := range of {
		best, bestRight, tied, right, n := 0.0, 0.0, 0.0, 0.0, 0.0
		for k, value := range v.Values {
			ok := b2f(v.Right[k])
			all[i].any += ok / float64(len(v.Values))
			if math.IsNaN(value) {
				continue
			}
			switch {
			case n == 0 || value > best:
				best, bestRight, tied = value, ok, 1
			case value == best:
				bestRight, tied = bestRight+ok, tied+1
			}
			right, n = right+ok, n+1
		}
		if n > 0 {
			all[i].spoke, all[i].right, all[i].sampled = true, bestRight/tied, right/n
		}
	}
	return all
}

// Worth is, of each task, the chance that the attempt of the greatest value is
// right, where equal ones are drawn from and one that the verifier says nothing of
// is as good as any.
func Worth(of []Verdicts) []float64 { return worths(choices(of)) }

func worths(of []choice) []float64 {
	all := make([]float64, len(of))
	for i, c := range of {
		all[i] = c.worth()
	}
	return all
}

// rate compares the verdicts of one verifier with the truth.
func rate(of []Verdicts) VerifierRow {
	var row VerifierRow
	var values []float64
	var truth []bool
	var cluster []string
	all := 0
	for _, v := range of {
		all += len(v.Values)
		for k, value := range v.Values {
			if !math.IsNaN(value) {
				values, truth, cluster = append(values, value), append(truth, v.Right[k]), append(cluster, v.Task.ID)
			}
		}
	}
	var chosen, sampled, gains []float64 // of each task with a verdict
	for i, c := range choices(of) {
		row.Tasks, row.Chosen = append(row.Tasks, of[i].Task.ID), append(row.Chosen, c.worth())
		if c.spoke {
			chosen, sampled, gains = append(chosen, c.right), append(sampled, c.sampled), append(gains, c.right-c.sampled)
		}
	}
	row.N, row.Attempts = len(chosen), len(values)
	if row.N == 0 {
		return row
	}
	row.Accuracy, row.Low, row.High = interval(chosen)
	row.Sampled = stats.Mean(sampled)
	row.Gain, row.GainLow, row.GainTop = interval(gains)
	if e, ok := stats.AUROCEstimate("", values, truth, cluster); ok {
		row.AUROC, row.AUROCLow, row.AUROCTop = &e.Value, &e.Low, &e.High
	}
	if !slices.ContainsFunc(values, func(v float64) bool { return v < 0 || v > 1 }) {
		ece := stats.ECE(stats.EqualWidth(values, truth, 10))
		row.ECE = &ece
	}
	if c, ok := stats.CoverageAt(stats.RiskCoverage(values, truth), 0.05); ok {
		row.CoverageAt5 = float64(c.N) / float64(all) // what it is silent on is not covered
	}
	return row
}

// compare fills in the advantage over another verifier, task by task.
func (r *VerifierRow) compare(own, other []choice) {
	p := stats.ComparePaired(worths(other), worths(own))
	r.Advantage, r.AdvantageLow, r.AdvantageTop = &p.Difference, &p.Low, &p.High
}
