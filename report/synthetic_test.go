package report

import (
	"fmt"
	"math"
	"time"

	"pawl/core"
	"pawl/loop"
)

// synthetic is a made-up run of four rounds with two controls; no figure in it
// was measured.
func synthetic() *loop.Report {
	r := &loop.Report{
		Run: "synthetic-0001", Recipe: "synthetic", Seed: 7, Promoted: 3,
		Audit: map[string]loop.Audit{
			"base": share1(0.502, 2000), "final": share1(0.931, 2000),
			"labelled": share1(0.611, 2000), "null": share1(0.548, 2000),
		},
		Gains: []loop.Advantage{
			{Over: "base", Difference: 0.429, Low: 0.406, High: 0.452, PValue: 1e-180, N: 2000},
			{Over: "labelled", Difference: 0.320, Low: 0.298, High: 0.342, PValue: 3e-120, N: 2000},
			{Over: "null", Difference: 0.383, Low: 0.360, High: 0.406, PValue: 0, N: 2000},
		},
		Controls: map[string]loop.Control{},
		Policy:   core.Policy{"weights": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"},
		Usage:    core.Usage{Calls: 12000, PromptTokens: 240_000, CompletionTokens: 1_900_000}, Seconds: 143,
	}
	r.Advantage = &r.Gains[1]
	r.Rounds = arm([]float64{0.50, 0.71, 0.84, 0.84, 0.93}, true, true)
	r.Rounds[2].Gate.Outcome, r.Rounds[2].Gate.PValue = core.NotProven, 0.31
	r.Rounds[2].Gate.Candidate, r.Rounds[2].GateLow, r.Rounds[2].GateHigh = 0.845, 0.821, 0.866
	r.Controls["labelled"] = loop.Control{Rounds: arm([]float64{0.50, 0.57, 0.59, 0.61, 0.60}, false, false)}
	r.Controls["null"] = loop.Control{Rounds: arm([]float64{0.50, 0.52, 0.54, 0.55, 0.54}, true, false)}
	for name, c := range r.Controls {
		for _, row := range c.Rounds {
			c.Verdicts = append(c.Verdicts, row.Gate.Outcome)
		}
		r.Controls[name] = c
	}
	return r
}

// arm makes rounds from the accuracies of the base and each candidate.
func arm(accuracy []float64, samples, filtered bool) []loop.Round {
	var rows []loop.Round
	for i := 1; i < len(accuracy); i++ {
		e := share1(accuracy[i], 1000)
		alpha := 0.05 * 6 / math.Pi / math.Pi / float64(i*i)
		row := loop.Round{
			Round: i, GateLow: e.Low, GateHigh: e.High, Tokens: 500_000 + int64(i)*1000, Seconds: 30 + float64(i)*1.5,
			Gate: core.Verdict{
				Outcome: core.Promote, N: 1000, Incumbent: accuracy[i-1], Candidate: accuracy[i], Gained: 250, Lost: 40,
				Difference: accuracy[i] - accuracy[i-1], Low: accuracy[i] - accuracy[i-1] - 0.03, High: accuracy[i] - accuracy[i-1] + 0.03,
				PValue: 2e-30, Alpha: alpha, AlphaLeft: 0.02 / float64(i), Detectable: 0.045,
				Reason: fmt.Sprintf("Round %d: the candidate gained 250 of 1000 items and lost 40.", i),
			},
		}
		if samples {
			row.Sampled, row.Kept = 48_000, 17_000
			right := 0.93
			row.Metrics = metrics(accuracy[i])
			if filtered {
				right = 0.997
			} else {
				right = accuracy[i] - 0.05
			}
			low, high := right-0.004, min(1, right+0.003)
			row.Labels, row.LabelLow, row.LabelHi = &right, &low, &high
		}
		rows = append(rows, row)
	}
	return rows
}

func metrics(a float64) []core.Estimate {
	out := []core.Estimate{{Name: "accuracy", Value: a - 0.05, Low: a - 0.07, High: a - 0.03, N: 3000}}
	for k := 1; k <= 16; k *= 2 {
		pass := 1 - (1-a)*math.Pow(float64(k), -0.7)
		out = append(out, core.Estimate{Name: fmt.Sprintf("pass@%d", k), Value: pass, Low: pass - 0.01, High: min(1, pass+0.01), N: 3000})
		maj := a + (1-a)*0.6*(1-1/float64(k))
		out = append(out, core.Estimate{Name: fmt.Sprintf("maj@%d", k), Value: maj, Low: maj - 0.01, High: min(1, maj+0.01), N: 3000})
	}
	return append(out,
		core.Estimate{Name: "distinct_answers", Value: 6 * (1 - a), Low: 5.9 * (1 - a), High: 6.1 * (1 - a), N: 3000, Unit: "answers per task"},
		core.Estimate{Name: "entropy", Value: 2 * (1 - a), Low: 1.9 * (1 - a), High: 2.1 * (1 - a), N: 3000, Unit: "bits"},
		core.Estimate{Name: "tokens", Value: 13, Low: 13, High: 13, N: 3000, Unit: "tokens per attempt"})
}

// share1 is a share with an interval of about its size.
func share1(v float64, n int) loop.Audit {
	half := 1.96 * math.Sqrt(v*(1-v)/float64(n))
	return loop.Audit{Accuracy: v, Low: v - half, High: v + half, N: n}
}

func document() Document {
	return Document{
		Report: synthetic(), Title: "A made-up run", Summary: "No figure here was measured.", Paper: "None",
		Command: "pawl run synthetic --seed 7", Version: "0.0.0", Machine: "a made-up machine",
		Date: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
	}
}
