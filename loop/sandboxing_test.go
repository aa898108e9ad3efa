package loop

import (
	"context"
	"errors"
	"testing"

	"pawl/core"
	"pawl/registry"
)

// named is a sandbox that says who it is, and runs nothing.
type namedBox struct {
	core.Sandbox
	name string
}

func (b namedBox) Identity() string { return b.name }

// boxed is a component that runs code of others, and a hook.
func init() {
	registry.Verifier("boxed", registry.Doc{Summary: "Judges in a sandbox.", Needs: []string{registry.NeedSandbox}}, func(_ context.Context, h core.Host, _ struct{}) (core.Verifier, error) {
		box, err := h.Sandbox()
		if err != nil {
			return nil, err
		}
		return verifierFunc(func(_ context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
			var j core.Judgement
			for _, r := range ep.Leaves() {
				j.Scores = append(j.Scores, core.Score{Nodes: []core.Ref{r}, Value: 1, Rationale: box.Identity()})
			}
			return j, nil
		}), nil
	})
}

func in(box string, opened *int, l *ledger, t *testing.T, verify string) *Run {
	r, _ := newRun(t, l, "verify:  [majority_vote]", "verify:  [majority_vote, "+verify+"]")
	r.Sandbox = func() (core.Sandbox, error) {
		*opened++
		if box == "" {
			return nil, errors.New("there is none here")
		}
		return namedBox{name: box}, nil
	}
	return r
}

// A verdict of one sandbox is none of another's.
func TestSandboxIsPartOfTheKey(t *testing.T) {
	l, opened := newLedger(), 0
	for _, box := range []string{"bubblewrap, python 3.11", "bubblewrap, python 3.12", "landlock (degraded), python 3.11", "bubblewrap, python 3.11"} {
		eps, err := judging(in(box, &opened, l, t, "boxed")).all(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := eps[0].Scores[len(eps[0].Scores)-1].Rationale; got != box {
			t.Errorf("in %s it gives the verdict of %s", box, got)
		}
	}
	if opened != 4 || l.steps("sample") != 3 {
		t.Errorf("opened a sandbox %d times for 4 runs, drew samples %d times", opened, l.steps("sample"))
	}
	// Nothing is kept under a key that could not know its sandbox.
	if _, err := judging(in("", &opened, l, t, "boxed")).all(t.Context()); err == nil {
		t.Error("a verdict without a sandbox")
	}
	if l.steps("sample") != 3 {
		t.Error("a step without a sandbox is durable")
	}
	opened = 0
	plain := judging(in("a", &opened, l, t, "exact")).key()
	if plain != judging(in("b", &opened, l, t, "exact")).key() || opened > 0 {
		t.Errorf("what needs no sandbox depends on it, or opened it (%d times)", opened)
	}
}

// Each component that takes a sandbox from its host says so, nested ones too.
func TestSandboxOfStandardVerifiers(t *testing.T) {
	keys := func(verify string) (a, b core.Key) {
		opened := 0
		return judging(in("a", &opened, newLedger(), t, verify)).key(), judging(in("b", &opened, newLedger(), t, verify)).key()
	}
	for _, verify := range []string{"cases", "agreement: {by: solver}", "program_check: {by: solver}", "program_of_thought", "python: reward.py"} {
		if a, b := keys(verify); a == b {
			t.Errorf("%s has the same key in another sandbox", verify)
		}
	}
	if a, b := keys("python: {path: reward.py, trusted: true}"); a != b {
		t.Error("a trusted function depends on the sandbox")
	}
}
