package study

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"pawl"
)

func of(values ...float64) []*float64 {
	var all []*float64
	for _, v := range values {
		if math.IsNaN(v) {
			all = append(all, nil)
		} else {
			all = append(all, &v)
		}
	}
	return all
}

// A record of two tasks: at the first 7 has two votes of three and is wrong, at the
// second two answers tie.
func smallRecord() *record {
	said := func(p ...float64) map[string][]*float64 {
		return map[string][]*float64{"p_true": of(p...), "likelihood": of(p...), "self_certainty": of(p...), "stepwise": of(p...)}
	}
	return &record{World: "chain", Seed: 1, Asked: 2, Tasks: []taskRecord{
		{ID: "a", Greedy: true, Texts: []string{"1 6 7", "2 5 7", "1 7 8"}, Right: []bool{false, false, true}, Values: said(0.1, 0.2, 0.9)},
		{ID: "b", Texts: []string{"1 2 3", "1 3 4"}, Right: []bool{true, false}, Values: said(0.2, math.NaN())},
	}}
}

func TestWaysToAnswer(t *testing.T) {
	got, err := smallRecord().ways(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for way, want := range map[string][]float64{
		waySample:                       {1.0 / 3, 0.5},
		wayGreedy:                       {1, 0},
		wayVotes:                        {0, 0.5}, // of the tied answers one is drawn
		"votes by p_true":               {1, 1},   // 0.9 beats 0.3; who is silent has no vote
		"best by p_true":                {1, 1},
		"Borda votes by self_certainty": {1.0 / 3, 1}, // the sevens weigh 1 and 2, the eight 3: all abstain, and any is drawn
	} {
		if !reflect.DeepEqual(got[way], want) {
			t.Errorf("%s: %v, want %v", way, got[way], want)
		}
	}
	levels, contrasts, err := votes(t.Context(), []*record{smallRecord()}, []*coolRecord{{World: "chain", Tasks: []string{"a"}, Sample: []float64{0.5}, Votes: []float64{1}, Greedy: []float64{0}}})
	if err != nil || len(levels) != 4+len(weightedVotes)+len(recordedVerifiers) {
		t.Fatalf("%d ways: %v", len(levels), err)
	}
	for _, c := range contrasts {
		if c.Of == "votes by p_true" && c.Over == wayVotes && math.Abs(c.Difference-0.75) > 1e-12 || c.Of == "votes by p_true" && c.Over == onTies && c.Difference != 0.25 || c.Of == wayCool && c.Over == wayGreedy && c.Difference != 1 || c.Low > c.Difference || c.High < c.Difference {
			t.Errorf("%+v", c)
		}
	}
}

func TestThirds(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   []int
	}{
		{[]float64{0.1, 0.5, 0.9}, []int{0, 1, 2}},
		{[]float64{1, 1, 1}, []int{1, 1, 1}},           // equal ones stay together
		{[]float64{1, 1, 0.2, 0.3}, []int{2, 2, 0, 1}}, // ranks 0.125, 0.375 and 0.75
		{[]float64{0.2, 0.2, 0.2, 0.9}, []int{1, 1, 1, 2}},
	} {
		if got := inThirds(c.values); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

// At task a one of two right ones is accepted and the wrong one is not: (1/2 + 1)/2; at b
// all are right, and at c both verdicts are wrong.
func TestCritiqueWithinTasks(t *testing.T) {
	s, ok := within([]judgedAttempt{
		{"a", "1 a", 0.9, true}, {"a", "1 a", 0.5, true}, {"a", "1 a", 0.1, false},
		{"b", "1 b", 0.9, true}, {"c", "1 c", 0.2, true}, {"c", "1 c", 0.8, false}, {"a", "2 a", 0.7, true}, {"a", "2 a", 0.2, false},
	})
	if !ok || s.N != 2 || math.Abs(s.Value-(0.75+0+1)/3) > 1e-12 {
		t.Errorf("%+v, %v", s, ok)
	}
	if _, ok := within([]judgedAttempt{{"b", "1 b", 0.9, true}}); ok {
		t.Error("nothing to tell apart")
	}
}

// A better locator is right wherever a worse one is, a wrong place is another place,
// and the share of right places is the accuracy that was planted.
func TestPlantedPlaces(t *testing.T) {
	const n = 4000
	right := map[float64]int{}
	for i := range n {
		a := pawl.Backtracked{Task: strings.Repeat("t", i%7) + string(rune('a'+i%26)) + string(rune(i)), Steps: 1 + i%5, FirstWrong: i % 3}
		a.FirstWrong = min(a.FirstWrong, a.Steps+1)
		p := placesIn(1, a)
		if p != placesIn(1, a) || p.other == p.true || p.random < 1 || p.random > a.Steps || p.other > a.Steps || p.true > 0 && p.step < 1 || p.true == 0 && p.step != 0 {
			t.Fatalf("%+v of %+v", p, a)
		}
		for _, accuracy := range planted {
			if p.at(accuracy) == p.true {
				right[accuracy]++
				if p.at(1) != p.true || p.within(accuracy) != p.true {
					t.Errorf("%+v is right at %v and not at 1", p, accuracy)
				}
			}
		}
	}
	for _, accuracy := range planted {
		if got := float64(right[accuracy]) / n; math.Abs(got-accuracy) > 0.03 {
			t.Errorf("planted %v, right in %v", accuracy, got)
		}
	}
}

func TestLocatedHandWorked(t *testing.T) {
	redone := func(right bool, tokens int) pawl.Redone { return pawl.Redone{Right: right, Tokens: tokens} }
	r := &backtrackRecord{World: "chain", Seed: 1, Tasks: []pawl.Backtracked{
		{Task: "right", Right: true, Steps: 2, Own: 1, OwnTokens: 2, From: map[int]pawl.Redone{1: redone(false, 10), 2: redone(true, 4)}},
		{Task: "wrong", Steps: 2, FirstWrong: 2, Own: 2, OwnTokens: 2, From: map[int]pawl.Redone{1: redone(false, 12), 2: redone(true, 6)}},
		{Task: "unread", Steps: 2, FirstWrong: 1, Own: -1, From: map[int]pawl.Redone{1: redone(true, 8), 2: redone(false, 5)}},
	}}
	all := located([]*backtrackRecord{r})
	own := all[len(all)-1]
	// It breaks the right one, mends the wrong one, and finds nothing in the last.
	if own.Locator != ownLocator || own.Accuracy != 1.0/3 || own.Flagged != 2.0/3 || own.Gain[0].Difference != 0 || own.Broken != 1 || own.Mended != 0.5 {
		t.Errorf("the model's own: %+v", own)
	}
	if own.Tokens != (10+2+6+2)/3.0 || own.StartToken != 22/3.0 || own.OverStart[0].Difference != 1.0/3 {
		t.Errorf("its cost: %+v", own)
	}
	for _, l := range all {
		if l.Locator == "planted, 100%" && (l.Accuracy != 1 || l.Gain[0].Difference != 2.0/3 || l.Broken != 0 || l.Mended != 1) {
			t.Errorf("one that is always right: %+v", l)
		}
	}
}

// What was measured is read again; too little of it is measured anew.
func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b.json")
	made := 0
	var out record
	enough := func() bool { return out.Asked >= 3 }
	for range 2 {
		out = record{}
		if err := kept(path, &out, enough, func() error { made++; out.Asked = 3; return nil }); err != nil || out.Asked != 3 || made != 1 {
			t.Fatalf("made %d times: %+v, %v", made, out, err)
		}
	}
	if err := kept(path, &out, func() bool { return false }, func() error { made++; return nil }); err != nil || made != 2 {
		t.Errorf("made %d times: %v", made, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := kept(path, &out, enough, func() error { return nil }); err == nil || !strings.Contains(err.Error(), "remove it to measure it anew") {
		t.Errorf("a damaged file: %v", err)
	}
}

// The whole measurement, small, and its tables from its file.
func TestFindings(t *testing.T) {
	p, err := pawl.Open(pawl.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	text, err := os.ReadFile(filepath.Join("..", "findings", "recover.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := filepath.Join(t.TempDir(), "recover.yaml")
	small := strings.NewReplacer("n: 50000", "n: 64", "steps: 600", "steps: 2", "batch: 64", "batch: 4", "take: 100", "take: 2", "n: 500", "n: 4", "n: 1000", "n: 4").Replace(string(text))
	if err := os.WriteFile(recipe, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	s := FindingsSetup{Tasks: 4, Samples: 3, Seeds: []uint64{1, 2}, Recipe: recipe, Parts: FindingParts, Say: func(string) {}}
	f, err := s.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	s.Say = func(line string) { said = append(said, line) }
	again, err := s.Run(t.Context(), p)
	if err != nil || !reflect.DeepEqual(f, again) || len(said) != 1 {
		t.Errorf("measured again: %v, %v", said, err)
	}
	path := filepath.Join(t.TempDir(), "result.json")
	if err := Save(path, f); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Render(fstest.MapFS{"f.json": {Data: content}}, []byte("<!-- results: f.json -->\n<!-- end -->"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### Votes", "| votes by p_true |", "### Self-critique", "### Located errors", "| planted, 60% |", "| locate |", "### Backward checking", "| untaught | mean |", "| taught | functable |"} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("the tables have no %q", want)
		}
	}
	s.Parts = []string{"backwards"}
	if _, err := s.Run(t.Context(), p); !pawl.IsInput(err) {
		t.Errorf("a part that there is not: %v", err)
	}
}
