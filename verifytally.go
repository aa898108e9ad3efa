package pawl

import (
	"pawl/core"
	"pawl/stats"
)

// VerifySummary is what came of a verification.
type VerifySummary struct {
	Verifier  string          `json:"verifier"`
	N         int             `json:"n"`         // completions
	Tasks     int             `json:"tasks"`     // that have any
	Right     int             `json:"right"`     // completions of value 1
	Solved    int             `json:"solved"`    // tasks with one of value 1
	Abstained int             `json:"abstained"` // they count as 0
	Unjudged  int             `json:"unjudged"`  // of these, since the verifier failed; the same command asks about them again
	Reason    string          `json:"reason"`    // of the first that is unjudged
	Silent    string          `json:"silent"`    // why the first of the others is abstained on
	Metrics   []core.Estimate `json:"metrics"`   // the mean first; where answers are right or wrong and tasks have several, pass@k
	Judged    int             `json:"judged"`    // now, the rest before
	Seconds   float64         `json:"seconds"`   // for those
}

// Binary tells whether every value is 0 or 1.
func (s *VerifySummary) Binary() bool { return len(s.Metrics) > 0 && s.Metrics[0].Name == "accuracy" }

// tally counts rows for the summary. It holds a number a row.
type tally struct {
	s      VerifySummary
	at     map[string]int
	values [][]float64
	solved []bool
}

func newTally() *tally { return &tally{at: map[string]int{}} }

func (t *tally) add(row ScoreRow) {
	i, ok := t.at[row.ID]
	if !ok {
		i = len(t.values)
		t.at[row.ID] = i
		t.values, t.solved = append(t.values, nil), append(t.solved, false)
	}
	value := 0.0
	t.s.N++
	switch s := row.Scores[0]; { // every row has one
	case s.Abstain:
		t.s.Abstained++
		if row.unjudged() {
			if t.s.Unjudged++; t.s.Unjudged == 1 {
				t.s.Reason = s.Rationale
			}
		} else if t.s.Silent == "" {
			t.s.Silent = s.Rationale
		}
	case s.Value == 1:
		value, t.solved[i] = 1, true
		t.s.Right++
	default:
		value = s.Value
	}
	t.values[i] = append(t.values[i], value)
}

func (t *tally) fill(s *VerifySummary) {
	s.N, s.Right, s.Abstained, s.Unjudged, s.Tasks = t.s.N, t.s.Right, t.s.Abstained, t.s.Unjudged, len(t.values)
	s.Reason, s.Silent = t.s.Reason, t.s.Silent
	for _, solved := range t.solved {
		if solved {
			s.Solved++
		}
	}
	if s.N == 0 {
		return
	}
	name := "accuracy"
	for _, values := range t.values {
		for _, v := range values {
			if v != 0 && v != 1 {
				name = "score"
			}
		}
	}
	for _, e := range stats.SampledEstimates(name, t.values) {
		s.Metrics = append(s.Metrics, core.Estimate(e))
	}
}
