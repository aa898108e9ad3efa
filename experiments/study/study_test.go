package study

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"pawl"
	"pawl/store"
)

// small makes a recipe of the chain world fit for a test: nothing is learnt.
func small(further map[string]string) map[string]string {
	set := map[string]string{
		"policies.solver.pretrain.steps": "20", "policies.solver.pretrain.width": "16", "policies.solver.pretrain.heads": "2",
		"policies.solver.pretrain.layers": "1", "policies.solver.pretrain.batch": "32",
		"tasks.labelled.chain.n": "64", "tasks.train.take": "24", "tasks.gate.chain.n": "50", "tasks.audit.chain.n": "60",
		"updates[0].optimize.train.steps": "5", "updates[0].optimize.train.batch": "16", "rounds": "2",
		"updates[0].optimize.train.warmup": "0", "seats.solver.max_tokens": "12",
	}
	for k, v := range further {
		set[k] = v
	}
	return set
}

func open(t *testing.T) *pawl.Pawl {
	t.Helper()
	p, err := pawl.Open(pawl.Options{Memory: true, Recipes: filepath.Join("..", "..", "recipes")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// smallQuickstart keeps whatever gets any votes.
var smallQuickstart = small(map[string]string{"sample.repeat.n": "4", "updates[0].select.mix.new.filter.at_least": "0.01"})

func TestQuickstart(t *testing.T) {
	q, err := RunQuickstart(t.Context(), open(t), []uint64{1, 2}, smallQuickstart, nil)
	if err != nil {
		t.Fatal(err)
	}
	rate := q.Rates["labelled"]
	if want := map[string]float64{"labelled": rate, "labelled-half": rate / 2, "labelled-double": 2 * rate}; !reflect.DeepEqual(q.Rates, want) || rate <= 0 {
		t.Errorf("rates %v, want %v", q.Rates, want)
	}
	for i := range q.Trials {
		trial := &q.Trials[i]
		checkTrial(t, trial, []string{"base", "final", "labelled", "null", "labelled-double", "labelled-half"}, 60, 10)
		for name, want := range q.Rates {
			if got := trial.Arm(name).Rate; got != want {
				t.Errorf("seed %d: %s trained at %g, not %g", trial.Seed, name, got, want)
			}
		}
		if trial.Majority == nil || len(trial.Rounds) != 2 || trial.Rounds[0].Labels == nil {
			t.Errorf("seed %d: majority %v, rounds %+v", trial.Seed, trial.Majority, trial.Rounds)
		}
	}
	if q.Trials[0].Arm("base").Policy == q.Trials[1].Arm("base").Policy {
		t.Error("two seeds have one base")
	}
	if n := findPair(q.Pooled, "final", "labelled").N; n != 120 {
		t.Errorf("%d results pooled, not 120", n)
	}
	again, err := RunQuickstart(t.Context(), open(t), []uint64{1}, smallQuickstart, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range again.Trials[0].Arms {
		if b := q.Trials[0].Arms[i]; a.Policy != b.Policy || a.Accuracy != b.Accuracy {
			t.Errorf("%s in another directory: %s %g, before %s %g", a.Name, a.Policy.Short(), a.Accuracy, b.Policy.Short(), b.Accuracy)
		}
	}
	checkRoundTrip(t, q)
}

func TestSelfTraining(t *testing.T) {
	p := open(t)
	var said []string
	// An untrained model seldom solves a task, so much is asked of it.
	sets := map[string]map[string]string{
		"lmsi":    small(map[string]string{"sample.repeat.n": "4", "rounds": "1"}),
		"rest-em": small(map[string]string{"sample.repeat.n": "16"}),
		"star":    small(map[string]string{"tasks.train.take": "300", "policies.solver.pretrain.steps": "100"}),
	}
	all := &SelfTraining{Kind: KindSelfTraining, Where: Here()}
	for _, name := range SelfTrainingRecipes {
		s, err := RunSelfTraining(t.Context(), p, []string{name}, []uint64{1, 2}, sets[name], func(line string) { said = append(said, line) })
		if err != nil {
			t.Fatal(err)
		}
		steps := 10
		if name == "lmsi" {
			steps = 5
		}
		for i := range s.Studies[0].Trials {
			checkTrial(t, &s.Studies[0].Trials[i], []string{"base", "final", "labelled", "null"}, 60, steps)
		}
		all.Studies = append(all.Studies, s.Studies...)
	}
	if joined := strings.Join(said, "\n"); !strings.Contains(joined, "star null audit") {
		t.Errorf("progress does not tell of star's control:\n%s", joined)
	}
	checkRoundTrip(t, all)
}

// checkTrial checks what every conclusion needs: all arms measured on the same
// tasks, equal steps, intervals around every figure.
func checkTrial(t *testing.T, trial *Trial, names []string, audit, steps int) {
	t.Helper()
	for i, name := range names {
		a := &trial.Arms[i]
		if a.Name != name || a.N != audit || len(a.items) != audit {
			t.Fatalf("seed %d: arm %d is %s on %d tasks, want %s on %d", trial.Seed, i, a.Name, a.N, name, audit)
		}
		if !(a.Low <= a.Accuracy && a.Accuracy <= a.High && a.Low < a.High) {
			t.Errorf("seed %d: %s has no interval: %s", trial.Seed, name, a)
		}
		for k := range a.items {
			if a.items[k].ID != trial.Arms[0].items[k].ID {
				t.Fatalf("seed %d: %s answered %s where base answered %s", trial.Seed, name, a.items[k].ID, trial.Arms[0].items[k].ID)
			}
		}
		if name != "base" && (a.Steps != steps || a.Rate == 0 || len(a.Gate) != len(trial.Rounds)) {
			t.Errorf("seed %d: %s took %d steps at rate %g in %d rounds, want %d steps in %d", trial.Seed, name, a.Steps, a.Rate, len(a.Gate), steps, len(trial.Rounds))
		}
		if strings.HasPrefix(name, "labelled") || name == "null" {
			if a.Policy == trial.Arms[0].Policy {
				t.Errorf("seed %d: %s was not trained", trial.Seed, name)
			}
			d := trial.Pair("final", "labelled")
			if d == nil || d.N != audit || !(d.Low <= d.Difference && d.Difference <= d.High) {
				t.Errorf("seed %d: final - labelled is %v", trial.Seed, d)
			}
		}
	}
	if len(trial.Arms) != len(names) {
		t.Errorf("seed %d: %d arms, want %v", trial.Seed, len(trial.Arms), names)
	}
}

// checkRoundTrip checks that tables made from the file are those of the run.
func checkRoundTrip(t *testing.T, result Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	if err := Save(path, result); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"x/result.json": {Data: b}}
	doc := "before\n<!-- results: x/result.json -->\nold\n<!-- end -->\n<!-- results: none.json -->\n<!-- end -->\nafter\n"
	want := "before\n<!-- results: x/result.json -->\n\n" + result.Markdown() +
		"\n<!-- end -->\n<!-- results: none.json -->\n\nNot measured yet.\n\n<!-- end -->\nafter\n"
	for range 2 {
		got, err := Render(files, []byte(doc))
		if err != nil || string(got) != want {
			t.Fatalf("got\n%s\nwant\n%s\nerror %v", got, want, err)
		}
		doc = string(got)
	}
}

func TestRenderRefuses(t *testing.T) {
	for name, text := range map[string]string{"broken": "{", "other": `{"kind": "other"}`, "none": `{}`} {
		_, err := Render(fstest.MapFS{name: {Data: []byte(text)}}, []byte("<!-- results: "+name+" -->\n<!-- end -->"))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v does not name the file", name, err)
		}
	}
}

// trial makes a trial by hand: who got which of four tasks right, and how the
// labelled controls did on the gate.
func trial(seed uint64, right map[string]string, gate map[string]float64) Trial {
	tr := Trial{Seed: seed}
	for _, name := range []string{"base", "final", "labelled", "null", "labelled-half", "labelled-double"} {
		a := Arm{Name: name, Gate: []float64{0.9, gate[name]}}
		for k, c := range strings.Repeat(right[name], 50) {
			a.items = append(a.items, item{ID: string(rune('a' + k)), Value: float64(c - '0')})
		}
		tr.Arms = append(tr.Arms, a)
	}
	tr.compare()
	return tr
}

func TestConclusion(t *testing.T) {
	gate := map[string]float64{"labelled": 0.4, "labelled-half": 0.6, "labelled-double": 0.5}
	won := map[string]string{"base": "0000", "final": "1110", "labelled": "1000", "null": "1000", "labelled-half": "1100", "labelled-double": "0000"}
	tied := map[string]string{"base": "0000", "final": "1100", "labelled": "1000", "null": "1100", "labelled-half": "1100", "labelled-double": "0000"}
	for _, c := range []struct {
		name   string
		trials []Trial
		want   Conclusion
	}{
		{"it wins in both", []Trial{trial(1, won, gate), trial(2, won, gate)},
			Conclusion{Beats: true, BeatsEvery: true, NullGainsNo: true, NullOfBest: true, Margin: 0.25}},
		{"one tie is enough to lose", []Trial{trial(1, won, gate), trial(2, tied, gate)},
			Conclusion{NullOfBest: true, Margin: 0}},
		// Rates are chosen on the gate, whatever the audit says.
		{"the best is chosen on the gate", []Trial{trial(1, tied, map[string]float64{"labelled": 0.4, "labelled-half": 0.1, "labelled-double": 0.3})},
			Conclusion{Beats: true, Margin: 0.25}},
	} {
		q := &Quickstart{Study: Study{Trials: c.trials}, Best: map[string]string{},
			Rates: map[string]float64{"labelled": 1, "labelled-half": 0.5, "labelled-double": 2}}
		q.conclude()
		got := q.Found
		if (got.Bound > 0) != got.Beats || got.Bound > got.Margin {
			t.Errorf("%s: lower bound %g of %g, though beats is %v", c.name, got.Bound, got.Margin, got.Beats)
		}
		got.Bound = 0
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Pooled figures are of tasks, not of answers: three seeds that agree on every
// task tell no more of the tasks than one.
func TestPoolTakesTasksAsUnits(t *testing.T) {
	won := map[string]string{"base": "1000", "final": "0111", "labelled": "1000", "null": "1000", "labelled-half": "1000", "labelled-double": "1000"}
	once, thrice := &Study{Trials: []Trial{trial(1, won, nil)}}, &Study{Trials: []Trial{trial(1, won, nil), trial(2, won, nil), trial(3, won, nil)}}
	for _, s := range []*Study{once, thrice} {
		if err := s.pool(); err != nil {
			t.Fatal(err)
		}
	}
	a, b := findPair(once.Pooled, "final", "base"), findPair(thrice.Pooled, "final", "base")
	if a.Difference != b.Difference || a.Difference != 0.5 || b.N != 3*a.N {
		t.Errorf("once %+v, three times %+v", a, b)
	}
	if wide, narrow := a.High-a.Low, b.High-b.Low; narrow < 0.8*wide || narrow > 1.2*wide {
		t.Errorf("the interval is %.3f wide of one seed and %.3f of three alike", wide, narrow)
	}
	thrice.Trials[1].Arms[1].items[0].ID = "other"
	if err := thrice.pool(); err == nil || !strings.Contains(err.Error(), "different tasks") {
		t.Errorf("arms that answered different tasks: %v", err)
	}
}

func TestOriginsRefuse(t *testing.T) {
	policies := map[string]map[string]string{"a": {"weights": "a"}}
	var base store.Promotion
	b, err := json.Marshal(map[string]any{"outcome": store.OutcomeBase, "version": "v", "policies": policies})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &base); err != nil {
		t.Fatal(err)
	}
	first := base
	first.Outcome, first.Round, first.Parent, first.Arm = "reject", 1, "v", "null"
	if o, err := origins([]store.Promotion{base, first}); err != nil || o.last["null"] == nil || o.last["final"] == nil {
		t.Errorf("%+v, %v", o, err)
	}
	elsewhere := first
	elsewhere.Parent = "w"
	rolled := base
	rolled.Outcome = store.OutcomeRollback
	for name, h := range map[string][]store.Promotion{"no base": {}, "another start": {base, elsewhere}, "rolled back": {base, rolled}} {
		if _, err := origins(h); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestParseSeeds(t *testing.T) {
	got, err := ParseSeeds("1, 2,30")
	if err != nil || !reflect.DeepEqual(got, []uint64{1, 2, 30}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "0", "1,", "1,1", "x", "1 2", "-1", "1.5", "01"} {
		if got, err := ParseSeeds(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestArguments(t *testing.T) {
	c := Command{Name: "x", Out: "x.json"}
	for _, args := range [][]string{{"-seeds", "a"}, {"-set", "rounds"}, {"-unknown"}, {"stray"}} {
		var out, errs bytes.Buffer
		if code := c.Main(args, &out, &errs); code != 2 || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%v: exit %d, stdout %q, stderr %q", args, code, &out, &errs)
		}
	}
	f, err := c.parse([]string{"-seeds", "4", "-set", "rounds=2", "-set", "a.b={c: d=e}", "-o", "y"}, os.Stderr)
	if err != nil || f.Out != "y" || f.Set["rounds"] != "2" || f.Set["a.b"] != "{c: d=e}" || f.Seeds[0] != 4 {
		t.Errorf("%+v, %v", f, err)
	}
}

// A card has every role of every world at three levels, as far as they know it.
func TestNanoCard(t *testing.T) {
	x, low := 0.25, 0.125
	n := Nano{
		Difficulties: pawl.Difficulties{Levels: map[string]int{"copy": 3, "edit": 1, "keysum": 1}, Sizes: map[string]map[string]int{"keysum": {"largest": 13}}},
		Default:      []pawl.Environment{{Name: "copy", Level: 3, Value: 0.5, Low: 0.4, High: 0.6, Gap: &x, GapLow: &low, GapTop: &x, Tokens: 12}, {Name: "edit", Level: 1, Gap: &x}},
		Roles: []pawl.RoleFigure{
			{World: "copy", Role: "verify", Level: 2, Value: 0.9, Low: 0.8, High: 0.95},
			{World: "copy", Role: "verify", Level: 3, Value: 0.7, Low: 0.6, High: 0.75},
			{World: "copy", Role: "attempt_or_abstain", Level: 3, Value: 0.3, Low: 0.2, High: 0.4},
			{World: "edit", Role: "plan", Level: 1, Value: 1, Low: 0.99, High: 1},
			{World: "edit", Role: "plan", Level: 3, Value: 0.5, Low: 0.4, High: 0.6},
			{World: "keysum", Role: "verify", Level: 1, Sizes: map[string]int{"largest": 13}, Value: 0.6, Low: 0.5, High: 0.7},
			{World: "keysum", Role: "verify", Level: 1, Value: 0.8, Low: 0.7, High: 0.9},
		},
	}
	card := n.Markdown()
	for _, line := range []string{
		"| copy | 3 | 0.500 [0.400, 0.600] | - | - | - | - | +0.250 [+0.125, +0.250] | 12 |",
		"| edit | 1 | 0.000 [0.000, 0.000] | - | - | - | - | - | 0 |",
		"| copy | verify | 0.90 [0.80, 0.95] | 0.70 [0.60, 0.75] | - |",
		"| copy | attempt or abstain | - | 0.30 [0.20, 0.40] | - |",
		"| edit | plan | 0.50 [0.40, 0.60] | 1.00 [0.99, 1.00] | - |",     // level 1 is the easiest: the third is level 3
		"| keysum | verify | 0.80 [0.70, 0.90] | 0.60 [0.50, 0.70] | - |", // the default lies above its level
	} {
		if !strings.Contains(card, line+"\n") {
			t.Errorf("the card lacks %s:\n%s", line, card)
		}
	}
}

// What is measured later of one world takes the place of that world's rows alone.
func TestNanoCardIsUpdated(t *testing.T) {
	n := Nano{
		Difficulties: pawl.Difficulties{Levels: map[string]int{"copy": 3, "kuhn": 4}, Sizes: map[string]map[string]int{"kuhn": {"hands": 8}}},
		Default:      []pawl.Environment{{Name: "copy", Value: 0.5}, {Name: "kuhn", Value: 0.25}},
		Roles:        []pawl.RoleFigure{{World: "kuhn", Role: "verify", Value: 0.5}, {World: "copy", Role: "verify", Value: 0.75}},
	}
	n.Update(&Nano{
		Difficulties: pawl.Difficulties{Levels: map[string]int{"kuhn": 5}},
		Default:      []pawl.Environment{{Name: "kuhn", Value: 1}},
		Roles:        []pawl.RoleFigure{{World: "kuhn", Role: "grade", Value: 0.25}},
	})
	if n.Levels["kuhn"] != 5 || n.Levels["copy"] != 3 || len(n.Sizes) != 0 {
		t.Errorf("difficulties %+v", n.Difficulties)
	}
	if len(n.Default) != 2 || n.Default[0].Value != 0.5 || n.Default[1].Value != 1 {
		t.Errorf("default %+v", n.Default)
	}
	if len(n.Roles) != 2 || n.Roles[0].World != "copy" || n.Roles[1].Role != "grade" {
		t.Errorf("roles %+v", n.Roles)
	}
}
