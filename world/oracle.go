package world

import (
	"fmt"
	"slices"
	"strings"

	"pawl/core"
)

// Verdict is an oracle's judgement of one completion. Transcripts of plays may end
// early: most worlds find them right if every move up to there is.
type Verdict struct {
	Right      bool   `json:"right"`                 // the final answer is right
	Valid      bool   `json:"valid"`                 // right, and every step is legal and none is missing
	FirstWrong int    `json:"first_wrong,omitempty"` // number of the first wrong step, from 1; 0 where there is none
	Answer     string `json:"answer,omitempty"`      // the answer read from the completion
	Reason     string `json:"reason,omitempty"`      // what is wrong
}

// Judge is the oracle of one task. It is a pure function of the completion and
// safe for concurrent use.
type Judge func(text string) Verdict

// Oracle makes the judge of completions of t, by the world that made t. The
// error tells that t has no oracle or a damaged reference.
func Oracle(t core.Task) (Judge, error) {
	name := t.Ref().World
	r, _ := RulesOf(name)
	if r.Judge == nil {
		return nil, fmt.Errorf("judging task %s: its reference names world %q; oracles exist for %s",
			t.ID, name, strings.Join(judged(), ", "))
	}
	judge, err := r.Judge(t.Reference)
	if err != nil {
		return nil, fmt.Errorf("judging task %s: %w", t.ID, err)
	}
	return judge, nil
}

// judged lists the worlds with an oracle of whole completions.
func judged() []string {
	return slices.DeleteFunc(Names(), func(name string) bool {
		r, _ := RulesOf(name)
		return r.Judge == nil
	})
}

// Check judges one completion of t.
func Check(t core.Task, text string) (Verdict, error) {
	judge, err := Oracle(t)
	if err != nil {
		return Verdict{}, err
	}
	return judge(text), nil
}

// HasOracle reports whether t is of a registered world that judges whole
// completions.
func HasOracle(t core.Task) bool {
	r, _ := RulesOf(t.Ref().World)
	return r.Judge != nil
}
