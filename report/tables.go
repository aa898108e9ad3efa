package report

import (
	"fmt"
	"slices"

	"pawl/loop"
)

// table is the text behind a picture.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

// gateTable lists the accuracies on the gate set.
func gateTable(r *loop.Report) table {
	t := table{Caption: "Accuracy on the gate tasks", Head: []string{"arm", "round", "in force before", "candidate", "verdict"}}
	for _, a := range arms(r) {
		for _, row := range a.rounds {
			candidate := score(r, row.Gate.Candidate)
			if p := finite([]point{{y: row.Gate.Candidate, low: row.GateLow, high: row.GateHigh}}); len(p) == 1 && p[0].low < p[0].high {
				candidate += fmt.Sprintf(" (%s to %s)", score(r, p[0].low), score(r, p[0].high))
			}
			t.Rows = append(t.Rows, []string{a.label(), fmt.Sprint(row.Round), score(r, row.Gate.Incumbent), candidate, outcome(row.Gate.Outcome)})
		}
	}
	return t
}

// auditTable lists the sealed results and what the final policy is ahead by.
func auditTable(r *loop.Report) table {
	t := table{Caption: "Sealed audit", Head: []string{"policy", "accuracy (95% interval)", "tasks", "final is ahead by", "p"}}
	abstains := false
	for _, name := range audited(r) {
		e := r.Audit[name]
		row := []string{name, accuracy(r, e), count(e.N), "", ""}
		if g, known := over(r, name); known && name != "final" {
			row[3], row[4] = difference(r, g), pValue(g.PValue)
		}
		said := "all"
		if a := e.Answered; a != nil {
			abstains = true
			if said = count(a.N); a.N > 0 {
				said += ", " + shares(a.Risk, a.Low, a.High) + " of them wrong"
			}
		}
		t.Rows = append(t.Rows, append(row, said))
	}
	if abstains {
		t.Head = append(t.Head, "answered")
		return t
	}
	for i := range t.Rows {
		t.Rows[i] = t.Rows[i][:len(t.Rows[i])-1]
	}
	return t
}

// verdictTable lists the gate's decisions about one arm.
func verdictTable(r *loop.Report, a armRows) table {
	t := table{Caption: "Verdicts on " + a.label(), Head: []string{"round", "verdict", "gained", "lost", "of", "difference (95% interval)", "p", "alpha", "alpha left", "detectable gain"}}
	for _, row := range a.rounds {
		v := row.Gate
		detectable := points(r, v.Detectable)
		if share(r) && v.Detectable >= 1 {
			detectable = "none"
		}
		d := loop.Advantage{Difference: v.Difference, Low: v.Low, High: v.High}
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(row.Round), outcome(v.Outcome), count(v.Gained), count(v.Lost), count(v.N), difference(r, d),
			pValue(v.PValue), pValue(v.Alpha), pValue(v.AlphaLeft), detectable,
		})
	}
	return t
}

// labelTable lists what was drawn and kept.
func labelTable(r *loop.Report) table {
	t := table{Caption: "Samples and pseudo-labels", Head: []string{"arm", "round", "sampled", "kept", "kept and right (95% interval)"}}
	for _, a := range arms(r) {
		labels := finite(labelPoints(a))
		for _, row := range a.rounds {
			right := "unknown"
			if row.Kept == 0 {
				right = "nothing kept"
			}
			if i := slices.IndexFunc(labels, func(p point) bool { return p.x == float64(row.Round) }); i >= 0 {
				p := labels[i]
				right = fmt.Sprintf("%s (%s to %s)", score(r, p.y), score(r, p.low), score(r, p.high))
			}
			t.Rows = append(t.Rows, []string{a.label(), fmt.Sprint(row.Round), count(row.Sampled), count(row.Kept), right})
		}
	}
	return t
}

// metricTable lists every metric of every round.
func metricTable(r *loop.Report) table {
	t := table{Caption: "Metrics of the samples", Head: []string{"arm", "round", "metric", "value (95% interval)", "tasks"}}
	for _, a := range arms(r) {
		for _, row := range a.rounds {
			for _, m := range row.Metrics {
				t.Rows = append(t.Rows, []string{a.label(), fmt.Sprint(row.Round), m.Name, metric(m), count(m.N)})
			}
		}
	}
	return t
}

// costTable lists time and tokens.
func costTable(r *loop.Report) table {
	t := table{Caption: "Time and tokens", Head: []string{"arm", "round", "time", "tokens"}}
	for _, a := range arms(r) {
		seconds, tokens := 0.0, int64(0)
		for _, row := range a.rounds {
			seconds, tokens = seconds+row.Seconds, tokens+row.Tokens
			t.Rows = append(t.Rows, []string{a.label(), fmt.Sprint(row.Round), duration(row.Seconds), count(row.Tokens)})
		}
		if len(a.rounds) > 1 {
			t.Rows = append(t.Rows, []string{a.label(), "all", duration(seconds), count(tokens)})
		}
	}
	return t
}
