package verifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// completing is an actor that continues the open turns it is scripted for, and
// a host whose inner verifier is exact, or the vote of all.
func completing(t *testing.T, by string, replies map[string][]string) (*coretest.Host, *coretest.Batch) {
	actor := &coretest.Batch{Scripted: &coretest.Scripted{Reply: func(r core.Request, i int) (string, error) {
		last := r.Path[len(r.Path)-1]
		if last.Role != core.RoleAssistant || last.TokenIDs != nil {
			return "", fmt.Errorf("the last turn is not open: %+v", last)
		}
		texts := replies[last.Content]
		if texts == nil {
			return "", fmt.Errorf("no completion is scripted of %q", last.Content)
		}
		return texts[i%len(texts)], nil
	}}}
	h := coretest.NewHost(actor)
	exact, err := newExact(t.Context(), h, ExactConfig{})
	if err != nil {
		t.Fatal(err)
	}
	h.Builder = nested(t, map[string]core.Verifier{"exact": exact})
	return h, actor
}

// By hand: of four completions of the first step three are right, of the second
// one; the attempt itself is right.
func TestStepValues(t *testing.T) {
	const seven, eight = "#### 7", "#### 8"
	replies := map[string][]string{"a\n": {"c\n" + seven, seven, eight, seven}, "a\nb\n": {eight, eight, seven, eight}}
	for name, want := range map[string]float64{"soft least": 0.25, "soft last": 1, "soft mean": 2.0 / 3, "hard least": 1} {
		estimate, value, _ := strings.Cut(name, " ")
		h, actor := completing(t, "exact", replies)
		v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("exact"), Completions: 4, Above: 0.5}, Estimate: estimate, Value: value})
		ep := coretest.Episode(coretest.Task("t", "q", "7"), "a\nb\n"+seven, "a\nb\n"+eight, "")
		got, j := verified(t, v, err, ep)
		last := want
		if value == "last" || estimate == "hard" || name == "soft least" {
			last = 0 // the second attempt is wrong in the end
		} else {
			last = 1.0 / 3
		}
		same(t, name, got, want, last, 0)
		// The second attempt begins as the first does: nothing more is sampled.
		if n := len(actor.Requests()); n != 2 || actor.Calls != 1 || j.Usage.Calls != 2 || len(j.Nodes) != 0 {
			t.Errorf("%s: %d requests in %d batches, usage %+v, %d nodes", name, n, actor.Calls, j.Usage, len(j.Nodes))
		}
		if estimate == "soft" && j.Scores[0].Rationale != "steps are worth 0.75, 0.25, 1" {
			t.Errorf("%q", j.Scores[0].Rationale)
		}
	}
}

// Tokens have the value of the step in which they begin: the end that of the last,
// and one that completes no character that of what comes next.
func TestPerToken(t *testing.T) {
	steps, values := []string{"a\n", "bc\n", "d"}, []float64{0.25, 0.5, 1}
	for _, c := range []struct {
		pieces []string
		want   []float32
	}{
		{[]string{"a", "\n", "bc", "\n", "d", ""}, []float32{0.25, 0.25, 0.5, 0.5, 1, 1}},
		{[]string{"a", "\nb", "", "c\n", "d", ""}, []float32{0.25, 0.25, 0.5, 0.5, 1, 1}},
		{[]string{"a\n", "", "", "bc\nd"}, []float32{0.25, 0.5, 0.5, 0.5}},
	} {
		if got := perToken(c.pieces, steps, values); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.pieces, got, c.want)
		}
	}
}

// The seat's own attempts have a value for each token; those of another have none.
func TestStepValuesAreDense(t *testing.T) {
	h, batch := completing(t, "exact", map[string][]string{"a\n": {"#### 7", "#### 8"}})
	pieces := []string{"a\n", "#### ", "7", ""}
	h.Actors["solver"] = &coretest.Reader{
		Opinion: coretest.Opinion{Batch: *batch},
		Tokens: func([]core.Node, core.Reading) ([]coretest.Token, error) {
			var all []coretest.Token
			for _, p := range pieces {
				all = append(all, coretest.Token{Text: p, Probs: []float64{1}})
			}
			return all, nil
		},
	}
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "a\n#### 7", "a\n#### 7")
	ep.Node(2).TokenIDs, ep.Node(3).TokenIDs, ep.Node(3).Actor = []int32{1, 2, 3, 4}, []int32{1}, "other"
	for _, dense := range []bool{true, false} {
		v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("exact"), Completions: 2, Above: 0.5}, Dense: dense})
		_, j := verified(t, v, err, ep)
		scores := byAttempt(j)
		want := []float32{0.5, 1, 1, 1}
		if !dense {
			want = nil
		}
		if !slices.Equal(scores[2].Dense, want) || scores[3].Dense != nil {
			t.Errorf("dense %v: %v and %v, want %v", dense, scores[2].Dense, scores[3].Dense, want)
		}
	}
	if c := (StepValuesConfig{Dense: true}); (StepValuesConfig{}).Needs() != nil || len(c.Needs()) != 1 {
		t.Error("tokens alone need the engine")
	}
}

// Steps that are nodes have scores of their own.
func TestStepsThatAreNodesAreValued(t *testing.T) {
	h, _ := completing(t, "exact", map[string][]string{"a\n": {"#### 7", "#### 8"}})
	v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("exact"), Completions: 2, Above: 0.5}})
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "a")
	ep.Append(core.Node{Parent: 2, Actor: "solver", Role: core.RoleAssistant, Content: "#### 7"})
	got, j := verified(t, v, err, ep)
	same(t, "the attempt", got, 0.5)
	same(t, "its step", []float64{byAttempt(j)[2].Value}, 0.5)
}

// By hand, by the vote of two attempts and the four completions of their first
// steps: 7 has four of six votes, so that completions with 7 are accepted.
func TestStepValuesByVote(t *testing.T) {
	h, _ := completing(t, "vote", map[string][]string{"a\n": {"#### 7", "#### 7"}, "b\n": {"#### 7", "#### 8"}})
	v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("majority_vote"), Completions: 2, Above: 0.5}})
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a\n#### 7", "b\n#### 8")
	got, _ := verified(t, v, err, ep)
	same(t, "by vote", got, 1, 0)
	if !v.(core.GroupVerifier).Grouped() {
		t.Error("a vote is of all attempts")
	}
	j, err := v.Verify(t.Context(), ep, []core.Ref{3})
	if err != nil || len(j.Scores) != 1 || j.Scores[0].Rationale != "steps are worth 0.5, 0" {
		t.Errorf("asked about one attempt: %+v, %v", j.Scores, err)
	}
}

// A step from which nothing can be said, and an attempt with turns of others,
// are abstained on.
func TestExplorationAbstains(t *testing.T) {
	h, actor := completing(t, "exact", map[string][]string{"a\n": {"#### 7"}})
	v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("exact"), Completions: 2, Above: 0.5}})
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "a\n#### 7")
	move := ep.Append(core.Node{Parent: 1, Actor: "solver", Role: core.RoleAssistant, Content: "move"})
	board := ep.Append(core.Node{Parent: move, Actor: "env", Role: core.RoleTool, Content: "board"})
	ep.Append(core.Node{Parent: board, Actor: "solver", Role: core.RoleAssistant, Content: "x\n#### 7"})
	got, _ := verified(t, v, err, ep)
	same(t, "with another's turn", got, 1, none)
	reply := actor.Reply
	actor.Reply = func(r core.Request, i int) (string, error) {
		if r.Path[len(r.Path)-1].Content == "long\n" {
			return "", &core.TooLongError{Err: fmt.Errorf("too long")}
		}
		return reply(r, i)
	}
	got, j := verified(t, v, nil, coretest.Episode(coretest.Task("t", "q", "7"), "long\n#### 7", "a\n#### 7"))
	same(t, "too long", got, none, 1)
	if why := j.Scores[0].Rationale; why != "step 1 of 2 has no verdict: the attempt so far is too long for solver" {
		t.Errorf("%q", why)
	}
}

// By hand: the first attempt can come out right after steps 1 and 2, not after
// step 3 of 4; of the second, only the last step fails; the third is right.
func TestFirstError(t *testing.T) {
	h, actor := completing(t, "exact", map[string][]string{
		"a\n": {"#### 8", "#### 7"}, "a\nb\n": {"#### 7", "#### 9"}, "a\nb\nc\n": {"#### 8", "#### 9"}, "d\n": {"#### 7"},
	})
	v, err := newFirstError(t.Context(), h, FirstErrorConfig{Exploring{By: of("exact"), Completions: 2, Above: 0.5}})
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "a\nb\nc\n#### 8", "d\n#### 8", "e\n#### 7", "#### 8", "")
	got, j := verified(t, v, err, ep)
	same(t, "first errors", got, 0.5, 0.5, 1, 0, 0)
	for i, want := range []string{
		"step 3 of 4 is the first error (none of 2 completions is accepted): c",
		"step 2 of 2 is the first error (the attempt is rejected, and steps before can still come out right): #### 8",
		"none of 2 steps is an error",
	} {
		if j.Scores[i].Rationale != want {
			t.Errorf("%q, want %q", j.Scores[i].Rationale, want)
		}
	}
	// The attempt that is accepted is not completed: "e\n" is not scripted.
	if n := len(actor.Requests()); n != 4 || j.Usage.Calls != 4 {
		t.Errorf("%d requests, %d calls", n, j.Usage.Calls)
	}
}

// Errors are found by the vote of attempts, without a reference.
func TestFirstErrorByVote(t *testing.T) {
	h, _ := completing(t, "vote", map[string][]string{"b\n": {"#### 8", "#### 8"}, "c\n": {"#### 7", "#### 8"}})
	v, err := newFirstError(t.Context(), h, FirstErrorConfig{Exploring{By: of("majority_vote"), Completions: 2, Above: 0.3}})
	// 7 has three of five votes, then four of nine as 8 has: none is accepted by a tie.
	ep := coretest.Episode(coretest.Task("t", "q", ""), "#### 7", "#### 7", "#### 7", "b\n#### 8", "c\n#### 9")
	got, _ := verified(t, v, err, ep)
	same(t, "a tie", got, 1, 1, 1, none, none)
	// With a fourth, 7 has five of ten votes: b leads nowhere, c to 7 once.
	ep = coretest.Episode(coretest.Task("t", "q", ""), "#### 7", "#### 7", "#### 7", "#### 7", "b\n#### 8", "c\n#### 9")
	got, _ = verified(t, v, nil, ep)
	same(t, "by vote", got, 1, 1, 1, 1, 0, 0.5)
}

// By hand: of five replies, two name step 2, two none and one cannot be read; a
// mistake that is seen counts.
func TestLocateError(t *testing.T) {
	for _, c := range []struct {
		replies           []string
		value, confidence float64
		why               string
	}{
		{[]string{"#### 2", "#### 0", "#### 2", "#### 0", "perhaps"}, 0.25, 0.5, "step 2 of 4 is the first error (2 of 4 replies say so): b"},
		{[]string{"#### 0", "#### 0", "#### 3"}, 1, 2.0 / 3, "none of 4 steps is an error (2 of 3 replies say so)"},
		{[]string{"#### 1"}, 0, 0, "step 1 of 4 is the first error (1 of 1 replies say so): a"},
		{[]string{"#### 5"}, none, 0, "no verdict: its last line is not #### and the number of a step, from 1 to 4, or 0"},
	} {
		h := coretest.NewHost(coretest.Samples(c.replies...))
		v, err := newLocateError(t.Context(), h, LocateErrorConfig{Judging: Judging{Keep: true}, Samples: len(c.replies)})
		got, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a\nb\nc\n#### 7"))
		same(t, c.why, got, c.value)
		if s := j.Scores[0]; s.Rationale != c.why || s.Confidence != c.confidence {
			t.Errorf("%q at %v, want %q at %v", s.Rationale, s.Confidence, c.why, c.confidence)
		}
	}
}
