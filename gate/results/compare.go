package results

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/gate"
	"pawl/stats"
)

// CompareOptions say how two files are compared.
type CompareOptions struct {
	Gate    gate.Paired // the zero value means its defaults
	Attempt int         // which attempt of a series this is; 0 stands alone and may spend all of alpha
	Common  bool        // compare what both hold, in place of refusing
}

// Comparison is the paired comparison of two files.
type Comparison struct {
	Verdict              core.Verdict
	Incumbent, Candidate core.Estimate
	Test                 stats.Paired
	By                   string
	// Right counts of both, where answers are right or wrong.
	IncumbentRight, CandidateRight int
	Notes                          []string
}

// Compare pairs the items of two files, incumbent and candidate, and decides
// by the gate's rule. Several answers to one task are averaged: the task is
// the unit of evidence. It is an error if the files do not hold the same
// items, unless o.Common; if reference answers differ; if nothing is common.
func Compare(incumbent, candidate *Results, o CompareOptions) (*Comparison, error) {
	if o.Gate == (gate.Paired{}) {
		o.Gate = gate.Paired{Alpha: 0.05, Power: 0.8}
	}
	c := &Comparison{By: candidate.By}
	fail := func(format string, args ...any) (*Comparison, error) {
		return nil, fmt.Errorf("comparing %s with %s: %w", incumbent.File, candidate.File, fmt.Errorf(format, args...))
	}
	c.Notes = append(append(c.Notes, incumbent.Notes...), candidate.Notes...)
	if incumbent.By != candidate.By {
		return fail("the scores are %q and %q; name one that both have with --by", clip(incumbent.By), clip(candidate.By))
	}
	pairs, err := pair(incumbent, candidate, o.Common)
	if err != nil {
		return fail("%w", err)
	}
	if left := len(incumbent.Items) + len(candidate.Items) - 2*len(pairs); left > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%d answers that only one of the files has are left out", left))
	}
	trial := core.Trial{Attempt: o.Attempt}
	var a, b []float64
	at := map[string]int{}
	var old, cand [][]float64
	for _, p := range pairs {
		i, ok := at[p.id]
		if !ok {
			i = len(old)
			at[p.id] = i
			old, cand = append(old, nil), append(cand, nil)
			trial.Items = append(trial.Items, core.Evidence{ID: p.id})
		}
		old[i], cand[i] = append(old[i], p.incumbent), append(cand[i], p.candidate)
	}
	for i := range trial.Items {
		trial.Items[i].Incumbent, trial.Items[i].Candidate = stats.Mean(old[i]), stats.Mean(cand[i])
		a, b = append(a, trial.Items[i].Incumbent), append(b, trial.Items[i].Candidate)
	}
	if c.Verdict, c.Test, err = o.Gate.Compare(trial); err != nil {
		return fail("%w", err)
	}
	c.Incumbent = core.Estimate(stats.MeanEstimate(quantity(incumbent), a))
	c.Candidate = core.Estimate(stats.MeanEstimate(quantity(candidate), b))
	if c.Test.Binary {
		c.IncumbentRight, c.CandidateRight = right(a), right(b)
	}
	return c, nil
}

func right(values []float64) int {
	n := 0
	for _, v := range values {
		if v == 1 {
			n++
		}
	}
	return n
}

// paired is one answer of each file to the same task.
type paired struct {
	id                   string
	incumbent, candidate float64
}

// pair matches items, in the order of the incumbent's file.
func pair(incumbent, candidate *Results, common bool) ([]paired, error) {
	key := keyOf(incumbent, candidate)
	theirs := make(map[string]Item, len(candidate.Items))
	for _, it := range candidate.Items {
		theirs[key(it)] = it
	}
	var pairs []paired
	var onlyOld, onlyNew, differ []Item
	found := make(map[string]bool, len(theirs))
	for _, it := range incumbent.Items {
		other, ok := theirs[key(it)]
		if !ok {
			onlyOld = append(onlyOld, it)
			continue
		}
		found[key(it)] = true
		if it.Target != "" && other.Target != "" && it.Target != other.Target {
			differ = append(differ, it)
		}
		pairs = append(pairs, paired{it.ID, it.Value, other.Value})
	}
	for _, it := range candidate.Items {
		if !found[key(it)] {
			onlyNew = append(onlyNew, it)
		}
	}
	switch {
	case len(differ) > 0:
		return nil, fmt.Errorf("the reference answers of %d items differ (%s): the files judge by different targets", len(differ), few(differ))
	case len(pairs) == 0:
		return nil, fmt.Errorf("they have no item in common: the first holds %s, the second %s", few(onlyOld), few(onlyNew))
	case !common && len(onlyOld)+len(onlyNew) > 0:
		var what []string
		if len(onlyOld) > 0 {
			what = append(what, fmt.Sprintf("%d only in the first (%s)", len(onlyOld), few(onlyOld)))
		}
		if len(onlyNew) > 0 {
			what = append(what, fmt.Sprintf("%d only in the second (%s)", len(onlyNew), few(onlyNew)))
		}
		return nil, fmt.Errorf("their items do not match: %s; with --common the %d that both have are compared", strings.Join(what, " and "), len(pairs))
	}
	return pairs, nil
}

// keyOf pairs by the hash of the document where both files have one for each
// item and it tells items apart, otherwise by id: ids are mere positions in
// some harnesses.
func keyOf(files ...*Results) func(Item) string {
	for _, r := range files {
		seen := make(map[string]bool, len(r.Items))
		for _, it := range r.Items {
			k := it.Hash + "\x00" + it.Sample
			if it.Hash == "" || seen[k] {
				return Item.key
			}
			seen[k] = true
		}
	}
	return func(it Item) string { return it.Hash + "\x00" + it.Sample }
}

// quantity is what a file's values measure: accuracy where answers are right
// or wrong, otherwise the score by its name.
func quantity(r *Results) string {
	if r.By == "correct" {
		return "accuracy"
	}
	for _, it := range r.Items {
		if it.Value != 0 && it.Value != 1 {
			return r.By
		}
	}
	return "accuracy"
}

// MarshalJSON is the document that `pawl gate --json` prints.
func (c *Comparison) MarshalJSON() ([]byte, error) {
	type side struct {
		Accuracy float64 `json:"accuracy"`
		Low      float64 `json:"low"`
		High     float64 `json:"high"`
	}
	v := c.Verdict
	return json.Marshal(struct {
		N          int     `json:"n"`
		Incumbent  side    `json:"incumbent"`
		Candidate  side    `json:"candidate"`
		Gained     int     `json:"gained"`
		Lost       int     `json:"lost"`
		Difference float64 `json:"difference"`
		Low        float64 `json:"low"`
		High       float64 `json:"high"`
		PValue     float64 `json:"p_value"`
		Alpha      float64 `json:"alpha"`
		Detectable float64 `json:"detectable"`
		Verdict    string  `json:"verdict"`
	}{
		v.N, side{c.Incumbent.Value, c.Incumbent.Low, c.Incumbent.High}, side{c.Candidate.Value, c.Candidate.Low, c.Candidate.High},
		v.Gained, v.Lost, v.Difference, v.Low, v.High, v.PValue, v.Alpha, v.Detectable, v.Outcome,
	})
}

// Estimates measures one file as stats.SampledEstimates does.
func (r *Results) Estimates() []core.Estimate {
	var tasks [][]float64
	at := map[string]int{}
	for _, it := range r.Items {
		i, ok := at[it.ID]
		if !ok {
			i = len(tasks)
			at[it.ID] = i
			tasks = append(tasks, nil)
		}
		tasks[i] = append(tasks[i], it.Value)
	}
	var out []core.Estimate
	for _, e := range stats.SampledEstimates(quantity(r), tasks) {
		out = append(out, core.Estimate(e))
	}
	return out
}
