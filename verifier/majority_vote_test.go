package verifier

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pgregory.net/rapid"
)

func vote(t interface{ Fatal(...any) }, cfg MajorityVoteConfig, texts ...string) core.Judgement {
	v, err := newMajorityVote(testContext, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(testContext, coretest.Episode(coretest.Task("t", "q", ""), texts...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestMajorityVoteHandWorked(t *testing.T) {
	for _, c := range []struct {
		texts  []string
		losers string
		want   []float64 // -1 abstains
	}{
		{[]string{"#### 7", "#### 7.0", "#### 7", "#### 8"}, "zero", []float64{0.75, 0.75, 0.75, 0}},
		{[]string{"#### 7", "#### 7", "#### 7", "#### 8"}, "share", []float64{0.75, 0.75, 0.75, 0.25}},
		{[]string{"#### 7", "#### 8"}, "zero", []float64{-1, -1}},
		{[]string{"#### 7", "#### 8", "#### 9", "#### 7", "#### 8"}, "zero", []float64{-1, -1, -1, -1, -1}},
		{[]string{"#### 7", "", "", ""}, "zero", []float64{0.25, 0, 0, 0}}, // silence is a vote for none
		{[]string{"", ""}, "zero", []float64{-1, -1}},
		{[]string{"#### 7"}, "zero", []float64{1}},
		{[]string{"7", "7", "7", "8", "8", "9", "9", "6", "5", "4"}, "zero", []float64{0.3, 0.3, 0.3, 0, 0, 0, 0, 0, 0, 0}},
	} {
		if got := values(vote(t, MajorityVoteConfig{Losers: c.losers}, c.texts...)); !slices.Equal(got, c.want) {
			t.Errorf("%q, losers %s: %v, want %v", c.texts, c.losers, got, c.want)
		}
	}
	// Of tied answers one is as good as another; one with fewer votes is worth nothing.
	tied := []string{"#### 7", "#### 8", "#### 9", "#### 7", "#### 8"}
	if got := values(vote(t, MajorityVoteConfig{Ties: "share"}, tied...)); !slices.Equal(got, []float64{0.4, 0.4, 0, 0.4, 0.4}) {
		t.Errorf("ties that share: %v", got)
	}
	if got := values(vote(t, MajorityVoteConfig{Ties: "share"}, "", "")); !slices.Equal(got, []float64{-1, -1}) {
		t.Errorf("no answers at all: %v", got)
	}
	j := vote(t, MajorityVoteConfig{}, "1", "1", "2", "1")
	if c := j.Scores[2].Confidence; c != 0.25 {
		t.Errorf("confidence of a loser with 1 of 4 votes: %v, want 0.25", c)
	}
}

func TestMajorityVoteOfASeat(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7", "7", "8")
	for range 3 {
		ep.Append(core.Node{Parent: ep.Root(), Actor: "critic", Role: core.RoleAssistant, Content: "8"})
	}
	v, _ := newMajorityVote(testContext, nil, MajorityVoteConfig{})
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil || len(j.Scores) != 3 || j.Scores[0].Value != 2.0/3 {
		t.Errorf("votes of the solver alone: %+v, %v", j.Scores, err)
	}
	anyone, _ := newMajorityVote(testContext, nil, MajorityVoteConfig{Of: "any"})
	all, err := anyone.Verify(t.Context(), ep, nil) // 8 has four of six votes
	if want := []float64{0, 0, 4.0 / 6, 4.0 / 6, 4.0 / 6, 4.0 / 6}; err != nil || !slices.Equal(values(all), want) {
		t.Errorf("votes of all seats: %v, want %v (%v)", values(all), want, err)
	}
	j, err = v.Verify(t.Context(), ep, []core.Ref{4}) // judges one, all vote
	if err != nil || len(j.Scores) != 1 || j.Scores[0].Value != 0 || !strings.Contains(j.Scores[0].Rationale, "1 of 3") {
		t.Errorf("one attempt: %+v, %v", j.Scores, err)
	}
}

// TestMajorityVoteKeepsWhatLMSIKeeps states the filter's promise: with a
// threshold, exactly the attempts that agree with the one most common answer
// are kept, and only if its share reaches the threshold.
func TestMajorityVoteKeepsWhatLMSIKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3", ""}), 1, 16).Draw(t, "texts")
		atLeast := float64(rapid.IntRange(1, 10).Draw(t, "tenths")) / 10
		j := vote(t, MajorityVoteConfig{}, texts...)
		counts := map[string]int{}
		for _, x := range texts {
			if x != "" {
				counts[x]++
			}
		}
		best, tied := "", false
		for x, n := range counts {
			if best == "" || n > counts[best] {
				best, tied = x, false
			} else if n == counts[best] {
				tied = true
			}
		}
		for i, s := range j.Scores {
			kept := !s.Abstain && s.Value >= atLeast
			want := best != "" && !tied && texts[i] == best && float64(counts[best])/float64(len(texts)) >= atLeast
			if kept != want {
				t.Fatalf("%q at least %v: attempt %d kept %v, want %v (%+v)", texts, atLeast, i, kept, want, s)
			}
		}
	})
}

func TestMajorityVoteIsBlindToTheReference(t *testing.T) {
	a := coretest.Episode(coretest.Task("t", "q", "7"), "7", "8", "7")
	b := coretest.Episode(coretest.Task("t", "q", "garbage"), "7", "8", "7")
	v, _ := newMajorityVote(testContext, nil, MajorityVoteConfig{})
	ja, _ := v.Verify(t.Context(), a, nil)
	jb, _ := v.Verify(t.Context(), b, nil)
	for i := range ja.Scores {
		if ja.Scores[i].Value != jb.Scores[i].Value {
			t.Errorf("score %d: %v and %v", i, ja.Scores[i], jb.Scores[i])
		}
	}
}
