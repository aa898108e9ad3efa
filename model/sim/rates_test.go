package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"pawl/core"
	"pawl/prompt"
)

// stated checks a count against the rate that a profile states: what is outside of
// the exact central interval of 99.9% is not what was stated. Draws are those of a
// fixed seed, so a test that holds holds for good.
func stated(t *testing.T, what string, count, n int, rate float64) {
	t.Helper()
	b := distuv.Binomial{N: float64(n), P: rate}
	low, high := b.CDF(float64(count)), 1-b.CDF(float64(count)-1)
	if rate == 0 && count != 0 || rate == 1 && count != n || rate > 0 && rate < 1 && math.Min(low, high) < 0.0005 {
		t.Errorf("%s: %d of %d, stated %.3f (chance of so few %.2g, of so many %.2g)", what, count, n, rate, low, high)
	}
}

// numbered are tasks n at a level, whose answer is twice their number.
func numbered(level, n int) []core.Task {
	all := make([]core.Task, n)
	for i := range all {
		all[i] = core.Task{
			ID: fmt.Sprintf("l%d-%d", level, i), Prompt: prompt.Turns(fmt.Sprintf("Level %d, number %d: double it.", level, i)),
			Reference: []byte(fmt.Sprintf(`{"answer":"%d","level":%d}`, 2*i, level)),
		}
	}
	return all
}

// doubling is the hidden channel of numbered tasks.
func doubling() Hidden {
	return Hidden{Problem: func(t core.Task) (Problem, error) {
		var level, n int
		if _, err := fmt.Sscanf(t.Prompt[0].Content, "Level %d, number %d:", &level, &n); err != nil {
			return Problem{}, ErrUnknown
		}
		answer := strconv.Itoa(2 * n)
		return Problem{
			ID: t.ID, Level: level,
			Write: func(_ context.Context, r *rand.Rand, right, typical bool) (string, error) {
				switch {
				case right:
					return "#### " + answer, nil
				case typical:
					return "#### " + strconv.Itoa(2*n+1), nil
				}
				return "#### " + strconv.Itoa(2*n+2+r.IntN(50)), nil
			},
			Right: func(_ context.Context, attempt string) (bool, error) { return Final(attempt) == answer, nil },
		}, nil
	}}
}

// simulated is an actor of a profile in YAML, which knows tasks.
func simulated(t testing.TB, yaml string, tasks []core.Task) func(path []core.Node, seed uint64, first, n int) []string {
	t.Helper()
	m := New(doubling())
	p, err := Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	d := core.Sum([]byte(yaml))
	m.profiles[d] = p
	m.Learn(tasks)
	a, err := m.Actor(t.Context(), core.ModelName{Kind: "sim", Client: client, Name: "test", Files: []core.Digest{d}}, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return func(path []core.Node, seed uint64, first, n int) []string {
		t.Helper()
		nodes, err := a.Act(t.Context(), core.Request{Path: path, Seed: seed, First: first, N: n})
		if err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(nodes))
		for i, n := range nodes {
			texts[i] = n.Content
		}
		return texts
	}
}

func asks(t testing.TB, name string, d prompt.Data) []core.Node {
	t.Helper()
	tmpl, err := prompt.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	path, err := tmpl.Render(prompt.Chat, d)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func rightAt(i int) string { return "#### " + strconv.Itoa(2*i) }
func wrongAt(i int) string { return "#### " + strconv.Itoa(2*i+7) }

// One attempt at each of many tasks is right as often as the level says, whatever
// the spread; wrong ones share the typical mistake as often as stated.
func TestAccuracy(t *testing.T) {
	for _, spread := range []string{"0", "0.4", "1"} {
		for level, rate := range map[int]float64{1: 0.9, 3: 0.6, 5: 0.1} {
			tasks := numbered(level, 2000)
			ask := simulated(t, "accuracy: [0.9, 0.75, 0.6, 0.3, 0.1]\nshared: 0.25\nspread: "+spread, tasks)
			right, wrong, typical := 0, 0, 0
			for i, task := range tasks {
				switch got := Final(ask(task.Prompt, 7, 0, 1)[0]); got {
				case strconv.Itoa(2 * i):
					right++
				case strconv.Itoa(2*i + 1):
					wrong, typical = wrong+1, typical+1
				default:
					wrong++
				}
			}
			what := fmt.Sprintf("spread %s, level %d", spread, level)
			stated(t, what+", right", right, len(tasks), rate)
			stated(t, what+", typical mistakes", typical, wrong, 0.25)
		}
	}
}

// Spread is what the abilities of tasks differ by: of mean m their variance is
// spread times m(1-m), the law of a Beta distribution.
func TestSpread(t *testing.T) {
	const n = 20_000
	for _, spread := range []float64{0, 0.2, 0.6, 1} {
		p := Profile{Accuracy: []float64{0.9, 0.75, 0.6, 0.3, 0.1}, Spread: spread}
		for _, level := range []int{1, 3, 5} {
			m := p.at(level)
			var sum, squares float64
			for i := range n {
				a := p.ability(level, fmt.Sprint("task ", i))
				if !(a >= 0 && a <= 1) {
					t.Fatalf("spread %v: an ability of %v", spread, a)
				}
				sum += a
				squares += (a - m) * (a - m)
			}
			// Means and variances of shares are known to a few standard errors of at most 1/sqrt(n).
			if d := sum/n - m; math.Abs(d) > 4*math.Sqrt(spread*m*(1-m)/n)+1e-9 {
				t.Errorf("spread %v, level %d: mean off by %v", spread, level, d)
			}
			if d := squares/n - spread*m*(1-m); math.Abs(d) > 0.01 {
				t.Errorf("spread %v, level %d: variance off by %v", spread, level, d)
			}
		}
	}
}

// Judges find fault as often as they say, in every form in which they are asked.
func TestSensitivityAndSpecificity(t *testing.T) {
	const n = 300
	tasks := numbered(3, n)
	ask := simulated(t, "verify: {sensitivity: 0.7, specificity: 0.9}", tasks)
	for _, c := range []struct {
		name  string
		data  func(task core.Task, attempt string) prompt.Data
		fault func(reply string) bool
	}{
		{prompt.Verify, shows, func(s string) bool { yes, ok := prompt.ParseYesNo(prompt.Chat, s); return ok && !yes }},
		{prompt.VerifyAmong, func(task core.Task, a string) prompt.Data {
			return prompt.Data{Task: task.Prompt, Attempt: a, Attempts: []string{"#### 1"}}
		}, func(s string) bool { yes, ok := prompt.ParseYesNo(prompt.Chat, s); return ok && !yes }},
		{prompt.VerifyCritiqued, func(task core.Task, a string) prompt.Data {
			return prompt.Data{Task: task.Prompt, Attempt: a, Remarks: []string{"It may be wrong."}}
		}, func(s string) bool { yes, ok := prompt.ParseYesNo(prompt.Chat, s); return ok && !yes }},
		{prompt.Grade, shows, func(s string) bool { g, ok := prompt.ParseGrade(prompt.Chat, s); return ok && g < 4 }},
		{prompt.Critique, shows, func(s string) bool { return !strings.Contains(s, "no fault") }},
		{prompt.ErrorSpans, shows, func(s string) bool { return s != "[]" }},
		{prompt.Locate, shows, func(s string) bool { step, ok := prompt.ParseStep(prompt.Chat, s, 0); return ok && step > 0 }},
		{prompt.KeepPrinciple, func(task core.Task, a string) prompt.Data {
			return prompt.Data{Task: task.Prompt, Attempt: a, Criterion: "Be right."}
		}, func(s string) bool { yes, ok := prompt.ParseYesNo(prompt.Chat, s); return ok && !yes }},
	} {
		ofRight, ofWrong := 0, 0
		for i, task := range tasks {
			if c.fault(ask(asks(t, c.name, c.data(task, rightAt(i))), 1, 0, 1)[0]) {
				ofRight++
			}
			if c.fault(ask(asks(t, c.name, c.data(task, wrongAt(i))), 1, 0, 1)[0]) {
				ofWrong++
			}
		}
		stated(t, c.name+" of wrong attempts", ofWrong, n, 0.7)
		stated(t, c.name+" of right attempts", ofRight, n, 0.1)
	}
}

func shows(task core.Task, attempt string) prompt.Data {
	return prompt.Data{Task: task.Prompt, Attempt: attempt}
}

// Preferences follow the log-odds that doc.go states. The chances are worked by
// hand: logit(0.8) is log 4; twice the words (3 against 1, counted from one more)
// at length 0.5 is 0.5; 1/(1+exp(-x)) of their sums.
func TestCompare(t *testing.T) {
	const n = 400
	tasks := numbered(3, n)
	long := func(s string) string { return "so then\n" + s } // 4 words where s has 2: log2(5/3)
	own := func(s string) string { return "Behold!\n" + s }  // 3 words where s has 2: log2(4/3)
	for _, c := range []struct {
		name, profile string
		a, b          func(i int) string
		want          float64 // chance of A
	}{
		{"the right one", "compare: {accuracy: 0.8, order: 0, length: 0, self: 0}", rightAt, wrongAt, 0.8},
		{"the right one, second", "compare: {accuracy: 0.8, order: 0, length: 0, self: 0}", wrongAt, rightAt, 0.2},
		{"two right ones", "compare: {accuracy: 0.8, order: 0, length: 0, self: 0}", rightAt, rightAt, 0.5},
		{"order", "compare: {accuracy: 0.8, order: 1, length: 0, self: 0}", rightAt, rightAt, 0.731059},
		{"order against right", "compare: {accuracy: 0.8, order: 1, length: 0, self: 0}", wrongAt, rightAt, 0.404609}, // 1/(1+4/e)
		{"length", "compare: {accuracy: 0.8, order: 0, length: 1, self: 0}", func(i int) string { return long(rightAt(i)) }, rightAt, 0.676279},
		{"self", "voice: Behold!\ncompare: {accuracy: 0.8, order: 0, length: 0, self: 1.5}", func(i int) string { return own(rightAt(i)) }, rightAt, 0.817574},
		{"no eye for it", "compare: {accuracy: 0.5, order: 0, length: 0, self: 0}", rightAt, wrongAt, 0.5},
		{"perfect", "compare: {accuracy: 1, order: 0, length: 0, self: 0}", rightAt, wrongAt, 1},
	} {
		ask := simulated(t, c.profile, tasks)
		compared, ranked := 0, 0
		for i, task := range tasks {
			d := prompt.Data{Task: task.Prompt, Attempts: []string{c.a(i), c.b(i)}}
			if k, ok := prompt.ParseChoice(prompt.Chat, ask(asks(t, prompt.Compare, d), 5, 0, 1)[0], 2); !ok {
				t.Fatalf("%s: no choice", c.name)
			} else if k == 0 {
				compared++
			}
			if order, ok := prompt.ParseRanking(prompt.Chat, ask(asks(t, prompt.Rank, d), 5, 0, 1)[0], 2); !ok {
				t.Fatalf("%s: no ranking", c.name)
			} else if order[0] == 0 {
				ranked++
			}
		}
		stated(t, c.name+", compared", compared, n, c.want)
		stated(t, c.name+", ranked", ranked, n, c.want)
	}
}

// Scale 1 and shift 0 are calibrated: of the attempts that get a confidence, that
// share is right. An overconfident profile says more than is true.
func TestCalibration(t *testing.T) {
	const n = 2000
	tasks := numbered(3, n)
	gap := func(profile string) (worst float64) {
		ask := simulated(t, "accuracy: [0.9, 0.75, 0.6, 0.3, 0.1]\nspread: 0.3\nverify: {sensitivity: 0.6, specificity: 0.8}\n"+profile, tasks)
		var said, right, count [5]float64
		for i, task := range tasks {
			attempt := ask(task.Prompt, 3, 0, 1)[0]
			c, ok := prompt.ParseConfidence(prompt.Chat, ask(asks(t, prompt.Confidence, shows(task, attempt)), 4, 0, 1)[0])
			if !ok {
				t.Fatal("no confidence")
			}
			bin := min(int(5*c), 4)
			said[bin], count[bin] = said[bin]+c, count[bin]+1
			right[bin] += b2f(Final(attempt) == strconv.Itoa(2*i))
		}
		for b := range count {
			if count[b] > 100 {
				worst = max(worst, math.Abs(said[b]-right[b])/count[b]-4*math.Sqrt(0.25/count[b]))
			}
		}
		return worst
	}
	if worst := gap("confidence: {scale: 1, shift: 0}"); worst > 0.005 { // half a percent is lost in whole percents
		t.Errorf("calibrated confidence is off by %.3f beyond four standard errors", worst)
	}
	if worst := gap("confidence: {scale: 0.5, shift: 2}"); worst < 0.1 {
		t.Errorf("overconfidence does not show: off by %.3f", worst)
	}
}

// A confidence worked by hand: ability 0.5, and a judge who finds no fault with 0.8
// of right attempts and 0.4 of wrong ones: 0.8/(0.8+0.4) = 2/3 without fault,
// 0.2/(0.2+0.6) = 1/4 with one.
func TestConfidenceByHand(t *testing.T) {
	tasks := numbered(1, 200)
	ask := simulated(t, "accuracy: [0.5, 0.5, 0.5, 0.5, 0.5]\nspread: 0\nverify: {sensitivity: 0.6, specificity: 0.8}", tasks)
	count := map[float64]int{}
	for i, task := range tasks {
		c, _ := prompt.ParseConfidence(prompt.Chat, ask(asks(t, prompt.Confidence, shows(task, rightAt(i))), 4, 0, 1)[0])
		count[c]++
	}
	if count[0.67]+count[0.25] != 200 {
		t.Errorf("confidences %v, want 0.67 and 0.25", count)
	}
	stated(t, "no fault with right attempts", count[0.67], 200, 0.8)
}

// Revising repairs and spoils as often as stated; an aggregate finds the right one.
func TestReviseAndAggregate(t *testing.T) {
	const n = 300
	tasks := numbered(3, n)
	ask := simulated(t, "revise: {repairs: 0.4, spoils: 0.1}\naggregate: 0.7", tasks)
	repaired, spoilt, found, lucky := 0, 0, 0, 0
	for i, task := range tasks {
		revised := func(attempt string) bool {
			d := prompt.Data{Task: task.Prompt, Attempt: attempt, Step: 1}
			return Final(ask(asks(t, prompt.Revise, d), 2, 0, 1)[0]) == strconv.Itoa(2*i)
		}
		joined := func(attempts ...string) bool {
			return Final(ask(asks(t, prompt.Aggregate, prompt.Data{Task: task.Prompt, Attempts: attempts}), 2, 0, 1)[0]) == strconv.Itoa(2*i)
		}
		if revised(wrongAt(i)) {
			repaired++
		}
		if !revised(rightAt(i)) {
			spoilt++
		}
		if joined(wrongAt(i), rightAt(i), wrongAt(i)) {
			found++
		}
		if joined(wrongAt(i), wrongAt(i+1)) {
			lucky++
		}
	}
	stated(t, "repaired", repaired, n, 0.4)
	stated(t, "spoilt", spoilt, n, 0.1)
	stated(t, "found", found, n, 0.7)
	stated(t, "right without a right one", lucky, n, 0.4)
}
