package pawl

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/nano"
	_ "pawl/std"
	"pawl/verifier"
)

// scoredBy is an episode whose attempts have these values by "v"; NaN abstains.
func scoredBy(id string, values ...float64) *core.Episode {
	ep := coretest.Episode(coretest.Task(id, "q", "a"), slices.Repeat([]string{"x"}, len(values))...)
	for i, v := range values {
		s := core.Score{By: "v", Nodes: []core.Ref{ep.Root() + 1 + core.Ref(i)}, Value: v}
		if math.IsNaN(v) {
			s.Value, s.Abstain = 0, true
		}
		ep.Scores = append(ep.Scores, s)
	}
	return ep
}

func TestRateVerifier(t *testing.T) {
	nan := math.NaN()
	eps := []*core.Episode{
		scoredBy("clear", 0.9, 0.2, 0.1), // chooses the first, which is right: 1 of 1, sampled 1/3
		scoredBy("tied", 0.8, 0.8, 0.3),  // draws between a right and a wrong one: 1/2, sampled 2/3
		scoredBy("silent", nan, nan),     // no verdict
		scoredBy("part", nan, 0.4),       // what it has no verdict on does not count: 0, sampled 0
	}
	right := [][]bool{{true, false, false}, {true, false, true}, {true, true}, {true, false}}
	r := rate(verdicts("v", eps, &bench{right: right}))
	if r.N != 3 || r.Attempts != 7 {
		t.Errorf("%d tasks, %d attempts", r.N, r.Attempts)
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("accuracy", r.Accuracy, 1.5/3)
	near("sampled", r.Sampled, 1.0/3)
	near("gain", r.Gain, 0.5/3)
	// Right have 0.9, 0.8, 0.3, wrong 0.2, 0.1, 0.8, 0.4: of 12 pairs 0.9 wins 4, 0.8
	// wins 3 and ties 1, 0.3 wins 2.
	near("AUROC", *r.AUROC, (4+3.5+2)/12)
	// Bins of a tenth: 0.9 right; 0.8, 0.8 half; 0.4 wrong; 0.3 right; 0.2 and 0.1 wrong.
	near("ECE", *r.ECE, (0.1+2*0.3+0.4+0.7+0.2+0.1)/7)
	near("coverage at 5%", r.CoverageAt5, 1.0/10) // of all: silence covers nothing
	if r.GainLow > r.Gain || r.GainTop < r.Gain || r.Low > r.Accuracy || r.High < r.Accuracy {
		t.Errorf("intervals do not hold their figures: %+v", r)
	}
	if r := rate(verdicts("nobody", eps, &bench{right: right})); r.N != 0 || r.AUROC != nil {
		t.Errorf("a verifier without verdicts: %+v", r)
	}
	if r := rate(verdicts("v", []*core.Episode{scoredBy("far", 3, -1)}, &bench{right: [][]bool{{true, false}}})); r.ECE != nil || *r.AUROC != 1 {
		t.Errorf("values that are no probabilities: %+v", r)
	}
}

func TestApplicableVerifiers(t *testing.T) {
	names := Applicable()
	for _, name := range []string{"majority_vote", "p_true", "likelihood", "compare", "weighted_vote: {by: p_true}"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not among %v", name, names)
		}
	}
	for _, name := range []string{"exact", "oracle", "mathematics", "cases", "python", "command"} {
		if slices.Contains(names, name) {
			t.Errorf("%s needs what is not there, and is applicable", name)
		}
	}
}

// The figures are the same each time, the model is asked in its own dialect, and
// votes read what follows the last step.
func TestEvalVerifiersOnNano(t *testing.T) {
	if err := nano.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	p := opened(t, t.TempDir())
	policy, err := p.nano(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := VerifierOptions{
		EnvironmentOptions: EnvironmentOptions{Worlds: map[string]int{"multiply": 3, "keysum": 1, "harm": 2}, Tasks: 6, Samples: 4, Seed: 1},
		Verifiers:          []string{"majority_vote", "p_true", "likelihood"},
	}
	rows, err := p.EvalVerifiers(t.Context(), policy, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.EvalVerifiers(t.Context(), policy, o)
	if err != nil || len(again) != len(rows) || len(rows) != 9 {
		t.Fatalf("%d rows, then %d: %v", len(rows), len(again), err)
	}
	for i, r := range rows {
		a := again[i]
		if r.Milliseconds <= 0 {
			t.Errorf("%s in %s took no time", r.Verifier, r.World)
		}
		a.Milliseconds, r.Milliseconds = 0, 0
		if string(marshal(a)) != string(marshal(r)) {
			t.Errorf("the same measurement gives\n%+v, then\n%+v", r, a)
		}
		if r.Verifier == "p_true" && (r.N != 6 || r.Silent != 0 || r.Tokens < 10 || r.Tokens > 300) {
			t.Errorf("p_true in %s: %+v", r.World, r) // English takes 800 byte tokens
		}
		if r.Verifier == "majority_vote" && (r.N == 0 || r.Tokens != 0) {
			t.Errorf("majority_vote in %s: %+v", r.World, r)
		}
	}
	for why, bad := range map[string]VerifierOptions{
		"at least 2":          {EnvironmentOptions: EnvironmentOptions{Worlds: o.Worlds, Tasks: 6, Samples: 1}},
		"no verifier named":   {EnvironmentOptions: o.EnvironmentOptions, Verifiers: []string{"majority_votes"}},
		"measuring verifiers": {EnvironmentOptions: o.EnvironmentOptions, Verifiers: []string{"weighted_vote"}},
	} {
		if _, err := p.EvalVerifiers(t.Context(), policy, bad); !IsInput(err) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// Verifiers may ask seats of a recipe that other policies play; votes are counted as
// the world reads answers, and the truth finds a right attempt where there is one.
func TestEvalVerifiersOfATeam(t *testing.T) {
	p := opened(t, t.TempDir())
	policy, err := p.nano(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "team.yaml")
	text := "policies: {solver: {from: base}, judge: {from: solver}}\nseats: {solver: {policy: solver}, judge: {policy: judge}}\nsample: greedy\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := VerifierOptions{
		EnvironmentOptions: EnvironmentOptions{Worlds: map[string]int{"countdown": 3}, Tasks: 12, Samples: 4, Seed: 1},
		Verifiers:          []string{"reward_model: {seat: judge}", "likelihood: {seat: judge, value: total, reference: solver}", "oracle"},
		Recipe:             file, Team: map[string]core.Policy{"judge": policy}, Votes: true,
	}
	rows, err := p.EvalVerifiers(t.Context(), policy, o)
	if err != nil || len(rows) != 4 || rows[0].Verifier != Votes {
		t.Fatalf("%+v (%v)", rows, err)
	}
	votes, head, same, truth := rows[0], rows[1], rows[2], rows[3]
	if head.N != 0 || head.Silent != 1 || len(head.Chosen) != 12 {
		t.Errorf("a judge without a head: %+v", head)
	}
	// Against itself every attempt is as likely as any other.
	if same.Attempts != 48 || math.Abs(same.Accuracy-same.Sampled) > 1e-12 {
		t.Errorf("a judge that is its own reference: %+v", same)
	}
	for i, best := range truth.Chosen {
		if best != 0 && best != 1 || votes.Chosen[i] > best || same.Chosen[i] > best || head.Chosen[i] != same.Chosen[i] || truth.Tasks[i] != votes.Tasks[i] {
			t.Errorf("task %s: votes %v, no verdict %v, the truth %v", truth.Tasks[i], votes.Chosen[i], head.Chosen[i], best)
		}
	}
}

// Votes in worlds read the last word of an attempt, whatever the verifier is told
// beside it, and nothing is read where the caller says how.
func TestWorldVerifierReadsTheLastWord(t *testing.T) {
	for text, want := range map[string]string{
		"majority_vote":                                "regex",
		"majority_vote: {losers: share}":               "regex",
		"{majority_vote: {extract: number}}":           "number",
		"weighted_vote: {by: p_true, power: 2}":        "regex",
		"weighted_vote: {by: p_true, extract: hashes}": "hashes",
	} {
		spec, err := WorldVerifier(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got verifier.Extract
		switch c := spec.Config.(type) {
		case verifier.MajorityVoteConfig:
			got = c.Extract
		case verifier.WeightedVoteConfig:
			got = c.Extract
		}
		if got.From != want {
			t.Errorf("%s reads %q, want %q", text, got.From, want)
		}
		for completion, answer := range map[string]string{
			"3 17 0 6 0 6 19 8 7 6 7 13":      "13",
			"[7,8,5,0];[0,5,8,7];[1,6,9,8]":   "[1,6,9,8]",
			"tail[8,7][7];tail|add1":          "tail|add1",
			"2>21915080=29580;+213903;309312": "309312",
			"2*44=88,8+88=96":                 "2*44=88,8+88=96",
			"seze(0)=5;5":                     "5",
			"3;6;7;8;":                        "8",
		} {
			if want == "regex" && got.Answer(completion) != answer {
				t.Errorf("%s reads %q of %q, want %q", text, got.Answer(completion), completion, answer)
			}
		}
	}
}

// A verifier without a verdict on a task is worth any attempt there.
func TestAdvantage(t *testing.T) {
	nan := math.NaN()
	right := &bench{right: [][]bool{{true, false}, {true, false}, {true, false}}}
	own := verdicts("v", []*core.Episode{scoredBy("a", 0.9, 0.1), scoredBy("b", nan, nan), scoredBy("c", 0.5, 0.5)}, right)
	other := verdicts("v", []*core.Episode{scoredBy("a", 0.1, 0.9), scoredBy("b", 0.9, nan), scoredBy("c", nan, 0.2)}, right)
	if got := Worth(own); !slices.Equal(got, []float64{1, 0.5, 0.5}) {
		t.Errorf("worth of the choices: %v", got)
	}
	if got := Worth(other); !slices.Equal(got, []float64{0, 1, 0}) {
		t.Errorf("worth of the other's choices: %v", got)
	}
	var row VerifierRow
	row.compare(choices(own), choices(other))
	if *row.Advantage != (1-0.5+0.5)/3 || *row.AdvantageLow > *row.Advantage || *row.AdvantageTop < *row.Advantage {
		t.Errorf("advantage %v [%v, %v]", *row.Advantage, *row.AdvantageLow, *row.AdvantageTop)
	}
	row.compare(choices(own), choices(own))
	if *row.Advantage != 0 || *row.AdvantageLow != 0 || *row.AdvantageTop != 0 {
		t.Errorf("advantage over itself %v [%v, %v]", *row.Advantage, *row.AdvantageLow, *row.AdvantageTop)
	}
}
