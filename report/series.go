package report

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/loop"
)

// armRows is the run itself or a control, with its rounds.
type armRows struct {
	name   string // "" for the run itself
	rounds []loop.Round
}

// label names an arm in pictures and tables.
func (a armRows) label() string {
	if a.name == "" {
		return "the loop"
	}
	return a.name
}

// audit is the arm's name in the audit.
func (a armRows) audit() string {
	if a.name == "" {
		return "final"
	}
	return a.name
}

// arms lists the run first, then its controls: the yardstick first, the others
// by name, so that a control keeps its colour throughout the page.
func arms(r *loop.Report) []armRows {
	out := []armRows{{rounds: r.Rounds}}
	names := slices.Sorted(maps.Keys(r.Controls))
	if r.Advantage != nil {
		if i := slices.Index(names, r.Advantage.Over); i > 0 {
			names = slices.Insert(slices.Delete(names, i, i+1), 0, r.Advantage.Over)
		}
	}
	for _, n := range names {
		out = append(out, armRows{n, r.Controls[n].Rounds})
	}
	return out
}

// audited lists the audit's rows in the order of the page: final first, then
// the controls, then base.
func audited(r *loop.Report) []string {
	var out []string
	for _, a := range arms(r) {
		if _, ok := r.Audit[a.audit()]; ok {
			out = append(out, a.audit())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Audit)) {
		if name != "base" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if _, ok := r.Audit["base"]; ok {
		out = append(out, "base")
	}
	return out
}

// gatePoints are the accuracies on the gate set: the base at 0, then each
// round's candidate. A hollow point was not promoted.
func gatePoints(a armRows) []point {
	if len(a.rounds) == 0 {
		return nil
	}
	base := a.rounds[0].Gate.Incumbent
	out := []point{{x: 0, y: base, low: base, high: base}}
	for _, row := range a.rounds {
		p := point{x: float64(row.Round), y: row.Gate.Candidate, low: row.GateLow, high: row.GateHigh}
		p.hollow = a.name == "" && row.Gate.Outcome != core.Promote
		out = append(out, p)
	}
	return out
}

// forced turns the candidates of the run into the line of what is in force:
// it steps over those that were not promoted.
func forced(points []point) []point {
	out := slices.Clone(points)
	for i := range out {
		if out[i].hollow && i > 0 {
			out[i].y = out[i-1].y
		}
	}
	return out
}

// labelPoints are the accuracies of an arm's pseudo-labels.
func labelPoints(a armRows) []point {
	var out []point
	for _, row := range a.rounds {
		if row.Labels == nil {
			continue
		}
		p := point{x: float64(row.Round), y: *row.Labels, low: *row.Labels, high: *row.Labels}
		if row.LabelLow != nil && row.LabelHi != nil {
			p.low, p.high = *row.LabelLow, *row.LabelHi
		}
		out = append(out, p)
	}
	return out
}

// metricNames lists the metrics of all arms in order of first appearance,
// those at k aside.
func metricNames(r *loop.Report) []string {
	var out []string
	for _, a := range arms(r) {
		for _, row := range a.rounds {
			for _, m := range row.Metrics {
				if _, _, at := atK(m.Name); !at && !slices.Contains(out, m.Name) {
					out = append(out, m.Name)
				}
			}
		}
	}
	return out
}

// metricPoints are one metric's values over the rounds of an arm.
func metricPoints(a armRows, name string) (out []point, unit string) {
	for _, row := range a.rounds {
		for _, m := range row.Metrics {
			if m.Name == name { // of several passes, the last counts
				out = slices.DeleteFunc(out, func(p point) bool { return p.x == float64(row.Round) })
				out, unit = append(out, point{x: float64(row.Round), y: m.Value, low: m.Low, high: m.High}), m.Unit
			}
		}
	}
	return out, unit
}

// atK reads the name of a metric at k: pass@8 is "pass" at 8.
func atK(name string) (kind string, k int, ok bool) {
	kind, number, found := strings.Cut(name, "@")
	k, err := strconv.Atoi(number)
	return kind, k, found && err == nil && k > 0
}

// atKinds lists the kinds of metrics at k that the run itself has.
func atKinds(r *loop.Report) []string {
	var out []string
	for _, row := range r.Rounds {
		for _, m := range row.Metrics {
			if kind, _, ok := atK(m.Name); ok && !slices.Contains(out, kind) {
				out = append(out, kind)
			}
		}
	}
	return out
}

// atKPoints are one round's values of a kind, by k.
func atKPoints(row loop.Round, kind string) []point {
	byK := map[int]point{}
	for _, m := range row.Metrics {
		if name, k, ok := atK(m.Name); ok && name == kind {
			byK[k] = point{x: math.Log2(float64(k)), y: m.Value, low: m.Low, high: m.High}
		}
	}
	var out []point
	for _, k := range slices.Sorted(maps.Keys(byK)) {
		out = append(out, byK[k])
	}
	return out
}
