package evaluate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/stats"
	"pawl/verifier"
)

// essays are attempts of planted quality, 0 to 4, and of lengths that have
// nothing to do with it, by several seats; "truth" knows the quality.
func essays(n, attempts int, seats ...string) []*core.Episode {
	r := rand.New(rand.NewPCG(7, 7))
	var eps []*core.Episode
	for t := range n {
		ep := core.NewEpisode(coretest.Task(fmt.Sprintf("t%d", t), "Write.", ""), 1)
		for k := range attempts {
			quality, seat := r.IntN(5), seats[k%len(seats)]
			text := fmt.Sprintf("quality %d by %s, number %d %s", quality, seat, k, strings.Repeat("x", r.IntN(300)))
			at := ep.Append(core.Node{Parent: ep.Root(), Actor: seat, Role: core.RoleAssistant, Content: text})
			ep.Scores = append(ep.Scores, core.Score{By: "truth", Nodes: []core.Ref{at}, Value: float64(quality) / 5})
		}
		eps = append(eps, ep)
	}
	return eps
}

// essay is what a judge can see of an attempt.
type essay struct {
	quality, length float64
	by              string
}

var shown = regexp.MustCompile(`(?s)<solution>\n(quality (\d) by (\w+),.*?)\n</solution>`)

func seen(asked string) (all []essay) {
	for _, m := range shown.FindAllStringSubmatch(asked, -1) {
		q, _ := strconv.ParseFloat(m[2], 64)
		all = append(all, essay{q, float64(len(m[1])), m[3]})
	}
	return all
}

// judges are seats that reply to what they see.
func judges(replies map[string]func([]essay) string) *coretest.Host {
	h := coretest.NewHost(nil)
	h.Actors = map[string]core.Actor{}
	for seat, reply := range replies {
		h.Actors[seat] = &coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
			return "#### " + reply(seen(r.Path[0].Content)), nil
		}}
	}
	h.Builder = func(ctx context.Context, h core.Host, s core.Spec) (any, error) {
		return registry.Default.Build(ctx, h, s)
	}
	return h
}

func spec(name string, config any) core.Spec {
	return core.Spec{Kind: core.KindVerifier, Name: name, As: name, Config: config}
}

// judge adds the scores of a verifier to all episodes, by the name given.
func judge(t *testing.T, h *coretest.Host, by string, s core.Spec, eps []*core.Episode) {
	t.Helper()
	v, err := registry.Make[core.Verifier](t.Context(), registry.Default, h, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, ep := range eps {
		j, err := v.Verify(t.Context(), ep, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range j.Scores {
			x.By = by
			ep.Scores = append(ep.Scores, x)
		}
		ep.Nodes = append(ep.Nodes, j.Nodes...)
	}
}

// figures are the estimates of a metric by name.
func figures(t *testing.T, m core.Metric, eps []*core.Episode) map[string]core.Estimate {
	t.Helper()
	all, err := m.Measure(t.Context(), coretest.Episodes(eps...))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]core.Estimate{}
	for _, e := range all {
		if !(e.Low <= e.Value && e.Value <= e.High) || e.N == 0 {
			t.Errorf("the figure does not hold together: %+v", e)
		}
		out[e.Name] = e
	}
	return out
}

// agreement is the correlation of a judge's values with the truth within tasks.
func agreement(t *testing.T, eps []*core.Episode, by string) float64 {
	t.Helper()
	tasks, err := gather(t.Context(), coretest.Episodes(eps...), by, "", (*core.Episode).Leaves, func(ep *core.Episode, r core.Ref) float64 {
		s, _ := ep.ScoreOf("truth", r)
		return s.Value
	})
	if err != nil {
		t.Fatal(err)
	}
	var whole stats.Within
	for _, t := range tasks {
		whole.Add(stats.NewWithin(t.xs, t.ys, nil))
	}
	return whole.Effect().Correlation
}

// A judge that takes the first unless the second is better by two is measured,
// and has no say where both orders are asked.
func TestOrderBiasIsMeasuredAndRemoved(t *testing.T) {
	eps := essays(60, 4, "solver")
	lazy := judges(map[string]func([]essay) string{"solver": func(e []essay) string {
		if e[1].quality >= e[0].quality+2 {
			return "B"
		}
		return "A"
	}})
	fair := judges(map[string]func([]essay) string{"solver": func(e []essay) string {
		if e[1].quality > e[0].quality || e[1].quality == e[0].quality && e[1].length > e[0].length {
			return "B"
		}
		return "A"
	}})
	both := verifier.CompareConfig{Duelling: verifier.Duelling{Swap: true}}
	judge(t, lazy, "lazy", spec("compare", both), eps)
	judge(t, lazy, "one order", spec("compare", verifier.CompareConfig{}), eps)
	judge(t, fair, "fair", spec("compare", both), eps)

	got := figures(t, OrderBias{Judge: "lazy"}, eps)
	// By hand: of two qualities from 0 to 4, 13 of 25 pairs are less than 2 apart.
	if e := got["order_flip_rate"]; !(e.Low <= 0.52 && 0.52 <= e.High) || e.Low < 0.3 {
		t.Errorf("the lazy judge flips %+v", e)
	}
	if e := got["first_place_share"]; e.Low < 0.6 {
		t.Errorf("the lazy judge prefers the first %+v", e)
	}
	got = figures(t, OrderBias{Judge: "fair"}, eps)
	if got["order_flip_rate"].Value != 0 || got["first_place_share"].Value != 0.5 {
		t.Errorf("the fair judge: %+v", got)
	}
	if got := figures(t, OrderBias{Judge: "one order"}, eps); len(got) != 0 {
		t.Errorf("one order alone tells of the order: %+v", got)
	}
	// In one order the place decides between equals; in both, nothing does.
	unequal := map[string]int{}
	for _, ep := range eps {
		for _, by := range []string{"lazy", "one order"} {
			for _, s := range ep.Scores {
				if s.By != by || len(s.Nodes) != 2 || s.Nodes[0] > s.Nodes[1] && by == "lazy" {
					continue
				}
				a, _ := ep.ScoreOf("truth", s.Nodes[0])
				b, _ := ep.ScoreOf("truth", s.Nodes[1])
				if a.Value != b.Value {
					continue
				}
				value := s.Value
				if by == "lazy" {
					value = pairValue(ep, by, s.Nodes)
				}
				if value != 0.5 {
					unequal[by]++
				}
			}
		}
	}
	if unequal["lazy"] != 0 || unequal["one order"] == 0 {
		t.Errorf("equals that are told apart: %v", unequal)
	}
	if swapped, single := agreement(t, eps, "lazy"), agreement(t, eps, "one order"); swapped < single+0.05 {
		t.Errorf("both orders agree with the truth at %.3f, one at %.3f", swapped, single)
	}
}

// pairValue is P(first beats second) over both orders.
func pairValue(ep *core.Episode, by string, pair []core.Ref) float64 {
	var sum, n float64
	for _, s := range ep.Scores {
		if s.By == by && len(s.Nodes) == 2 {
			switch {
			case s.Nodes[0] == pair[0] && s.Nodes[1] == pair[1]:
				sum, n = sum+s.Value, n+1
			case s.Nodes[0] == pair[1] && s.Nodes[1] == pair[0]:
				sum, n = sum+1-s.Value, n+1
			}
		}
	}
	return sum / n
}

// A judge that grades length as well as quality is measured, and length control
// takes it out, with a slope fitted at each task, with the measured one, and on
// win shares.
func TestLengthBiasIsMeasuredAndRemoved(t *testing.T) {
	eps := essays(80, 8, "solver")
	h := judges(map[string]func([]essay) string{
		"solver": func(e []essay) string {
			return strconv.Itoa(int(math.Round(min(5, e[0].quality/2+e[0].length/100))))
		},
		"pairs": func(e []essay) string {
			if e[1].quality+e[1].length/75 > e[0].quality+e[0].length/75 {
				return "B"
			}
			return "A"
		},
	})
	grade := spec("grade", verifier.GradeConfig{})
	compare := spec("compare", verifier.CompareConfig{Judging: verifier.Judging{Asking: verifier.Asking{Seat: "pairs"}}, Duelling: verifier.Duelling{Swap: true}})
	judge(t, h, "long", grade, eps)
	judge(t, h, "wins", compare, eps)
	bias := func(by string) core.Estimate {
		return figures(t, LengthBias{Judge: by, By: "truth", Attempts: Attempts{"solver"}}, eps)["length_correlation"]
	}
	slope := figures(t, LengthBias{Judge: "long", By: "truth", Attempts: Attempts{"solver"}}, eps)["length_slope"]
	// By hand: 100 characters are a grade, and a grade a fifth of the scale.
	if !(0.17 < slope.Low && slope.High < 0.22) {
		t.Errorf("slope %+v", slope)
	}
	judge(t, h, "fitted", spec("length_control", verifier.LengthControlConfig{Of: grade}), eps)
	judge(t, h, "given", spec("length_control", verifier.LengthControlConfig{Of: grade, Slope: slope.Value}), eps)
	judge(t, h, "fair wins", spec("length_control", verifier.LengthControlConfig{Of: compare, Scale: "logistic"}), eps)
	for _, c := range []struct {
		before, after string
		left          float64
	}{{"long", "fitted", 0.1}, {"long", "given", 0.1}, {"wins", "fair wins", 0.15}} {
		b, a := bias(c.before), bias(c.after)
		if b.Low < 0.5 || math.Abs(a.Value) > c.left {
			t.Errorf("%s: the correlation with length is %+v before and %+v after", c.after, b, a)
		}
		if was, is := agreement(t, eps, c.before), agreement(t, eps, c.after); is < was+0.1 {
			t.Errorf("%s agrees with the truth at %.3f, %s at %.3f", c.before, was, c.after, is)
		}
	}
}

// Judges who find whatever they wrote themselves good are measured, and a judge
// of another seat, or a jury in which nobody votes on their own, does not.
func TestSelfPreferenceIsMeasuredAndRemoved(t *testing.T) {
	eps := essays(60, 9, "a", "b", "c")
	vain := func(me string) func([]essay) string {
		return func(e []essay) string {
			if e[0].by == me || e[0].quality >= 3 {
				return "yes"
			}
			return "no"
		}
	}
	h := judges(map[string]func([]essay) string{"a": vain("a"), "b": vain("b"), "c": vain("c")})
	judge(t, h, "vain", spec("jury", verifier.JuryConfig{Seats: []string{"a"}}), eps)
	judge(t, h, "other", spec("jury", verifier.JuryConfig{Seats: []string{"b"}}), eps)
	judge(t, h, "jury", spec("jury", verifier.JuryConfig{Seats: []string{"a", "b", "c"}, Recuse: true}), eps)
	for _, c := range []struct {
		by, own   string
		low, high float64
	}{{"vain", "a", 0.2, 1}, {"other", "b", 0.2, 1}, {"other", "a", -0.2, -0.01}, {"jury", "a", -0.03, 0.03}, {"jury", "b", -0.03, 0.03}, {"jury", "c", -0.03, 0.03}} {
		// What is held fixed is whether the attempt is good enough, as the judges see it.
		for _, ep := range eps {
			for i, s := range ep.Scores {
				if s.By == "truth" {
					ep.Scores[i].Value = math.Round(s.Value - 0.05)
				}
			}
		}
		e := figures(t, SelfPreference{Judge: c.by, Own: c.own, By: "truth"}, eps)["self_preference"]
		if e.Value < c.low || e.Value > c.high {
			t.Errorf("%s for %s: %+v, want %v to %v", c.by, c.own, e, c.low, c.high)
		}
	}
}

func TestJurorAccuracy(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var eps []*core.Episode
	want := map[string]float64{"x": 0.9, "y": 0.75, "z": 0.6}
	for i := range 300 {
		ep := coretest.Episode(coretest.Task(fmt.Sprint(i), "q", ""), "a", "b")
		for _, leaf := range ep.Leaves() {
			right := r.IntN(2)
			for _, by := range []string{"x", "y", "z"} {
				v := right
				if r.Float64() > want[by] {
					v = 1 - v
				}
				ep.Scores = append(ep.Scores, core.Score{By: by, Nodes: []core.Ref{leaf}, Value: float64(v)})
			}
		}
		eps = append(eps, ep)
	}
	got := figures(t, JurorAccuracy{Judges: []string{"x", "y", "z"}, AtLeast: 0.5, Trust: 8, Attempts: Attempts{"solver"}}, eps)
	for by, a := range want {
		if e := got["juror_accuracy_"+by]; math.Abs(e.Value-a) > 0.06 || e.High-e.Low > 0.3 {
			t.Errorf("%s: %+v, want %v", by, e, a)
		}
	}
}
