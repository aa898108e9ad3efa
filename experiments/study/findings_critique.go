package study

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pawl/stats"
)

// Critique is how well a model judges its own attempts where it is more or less sure.
type Critique struct {
	By      string  `json:"by"` // who judges
	Measure string  `json:"measure"`
	Third   string  `json:"third"` // of the tasks, by the share of the most frequent answer
	Value   float64 `json:"value"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Worlds  int     `json:"worlds"` // with right and wrong attempts there
	N       int     `json:"n"`      // tasks
}

// thirds are the names of the parts, the last being the difference of the first two
// ends.
var thirds = []string{"unsure", "between", "sure"}

// sureMinusUnsure is the row of the difference.
const sureMinusUnsure = "sure - unsure"

// critics are the verifiers whose verdicts are self-critique.
var critics = []string{"p_true", "stepwise"}

// critiqueMeasures say how well a critic does. The paper judges one right and one wrong
// attempt at every task, which is the last of them.
var critiqueMeasures = []struct {
	name string
	of   func(of []judgedAttempt) (stats.Stratum, bool)
}{{"AUROC", area}, {"balanced accuracy", balanced}, {"accuracy on a right and a wrong attempt of each task", within}}

// judgedAttempt is one attempt, with what is said of it.
type judgedAttempt struct {
	task  string
	in    string // the attempts that were made together: seed and task
	value float64
	right bool
}

// critique splits the tasks of each world in thirds by how sure the model is, which
// is how often its most frequent answer is given (CriticBench, Luo et al., 2023), and
// measures the critics in each.
func critique(ctx context.Context, records []*record) ([]Critique, error) {
	byWorld := map[string][]*record{}
	var worlds []string
	for _, r := range records {
		if byWorld[r.World] == nil {
			worlds = append(worlds, r.World)
		}
		byWorld[r.World] = append(byWorld[r.World], r)
	}
	found := map[[3]string][]stats.Stratum{}
	for _, w := range worlds {
		for _, by := range critics {
			parts, err := attemptsByThird(ctx, byWorld[w], by)
			if err != nil {
				return nil, err
			}
			for _, m := range critiqueMeasures {
				measure := m.name
				var all []stats.Stratum
				for _, part := range parts {
					if s, ok := m.of(part); ok {
						all = append(all, s)
					}
				}
				if len(all) < len(thirds) { // a third in which all are right or all wrong
					continue
				}
				for k, third := range thirds {
					key := [3]string{by, measure, third}
					found[key] = append(found[key], all[k])
				}
				key := [3]string{by, measure, sureMinusUnsure}
				found[key] = append(found[key], all[len(all)-1].Minus(all[0]))
			}
		}
	}
	var rows []Critique
	for _, by := range critics {
		for _, m := range critiqueMeasures {
			measure := m.name
			for _, third := range append(slices.Clone(thirds), sureMinusUnsure) {
				of := found[[3]string{by, measure, third}]
				e := stats.Macro("", of)
				rows = append(rows, Critique{by, measure, third, e.Value, e.Low, e.High, len(of), e.N})
			}
		}
	}
	return rows, nil
}

func columns(of []judgedAttempt) (values []float64, right []bool, tasks []string) {
	for _, a := range of {
		values, right, tasks = append(values, a.value), append(right, a.right), append(tasks, a.task)
	}
	return values, right, tasks
}

func area(of []judgedAttempt) (stats.Stratum, bool) { return stats.AUROCStratum(columns(of)) }

func balanced(of []judgedAttempt) (stats.Stratum, bool) {
	values, right, tasks := columns(of)
	said := make([]bool, len(values))
	for i, v := range values {
		said[i] = accepted(v)
	}
	return stats.BalancedStratum(said, right, tasks)
}

// accepted is what a critic's value says of an attempt.
func accepted(value float64) bool { return value > 0.5 }

// within is balanced accuracy within tasks, the mean over those with a right and a
// wrong attempt.
func within(of []judgedAttempt) (stats.Stratum, bool) {
	var order []string
	n, agreed := map[string]*[2]float64{}, map[string]*[2]float64{}
	for _, a := range of {
		if n[a.in] == nil {
			order = append(order, a.in)
			n[a.in], agreed[a.in] = &[2]float64{}, &[2]float64{}
		}
		k := int(one(a.right))
		n[a.in][k]++
		agreed[a.in][k] += one(accepted(a.value) == a.right)
	}
	var values []float64
	var tasks []string
	for _, in := range order {
		if c := n[in]; c[0] > 0 && c[1] > 0 {
			values = append(values, (agreed[in][0]/c[0]+agreed[in][1]/c[1])/2)
			_, task, _ := strings.Cut(in, " ")
			tasks = append(tasks, task)
		}
	}
	return stats.MeanStratum(values, tasks), len(values) > 0
}

// attemptsByThird are the attempts in one world that the critic has a verdict on.
func attemptsByThird(ctx context.Context, records []*record, by string) ([][]judgedAttempt, error) {
	var shares []float64
	var of [][]judgedAttempt // by task
	for _, r := range records {
		votes, err := r.verdicts(ctx, weightedVotes[0].verifier)
		if err != nil {
			return nil, err
		}
		for i, t := range r.Tasks {
			most := 0.0 // where no attempt has an answer
			for _, share := range votes[i].Values {
				if share > most {
					most = share
				}
			}
			shares = append(shares, most)
			var judged []judgedAttempt
			for k, v := range t.Values[by] {
				if v != nil {
					judged = append(judged, judgedAttempt{t.ID, fmt.Sprintf("%d %s", r.Seed, t.ID), *v, t.Right[k]})
				}
			}
			of = append(of, judged)
		}
	}
	parts := make([][]judgedAttempt, len(thirds))
	for i, third := range inThirds(shares) {
		parts[third] = append(parts[third], of[i]...)
	}
	return parts, nil
}

// inThirds tells of each value whether it is in the lowest, middle or highest third.
// Equal values are in one, that of their mean rank.
func inThirds(values []float64) []int {
	out := make([]int, len(values))
	for i, v := range values {
		below, same := 0, 0
		for _, u := range values {
			if u < v {
				below++
			} else if u == v {
				same++
			}
		}
		rank := (float64(below) + float64(same)/2) / float64(len(values))
		out[i] = min(int(rank*float64(len(thirds))), len(thirds)-1)
	}
	return out
}
