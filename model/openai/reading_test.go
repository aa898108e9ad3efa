package openai

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/model/openai/fakeserver"
)

func logprobs(tokens ...string) []float32 {
	var all []float32
	for _, t := range tokens {
		all = append(all, float32(fakeserver.Logprob(t)))
	}
	return all
}

func answered(question, answer string) []core.Node {
	return []core.Node{{Role: core.RoleUser, Content: question}, {Role: core.RoleAssistant, Content: answer}}
}

func TestReadings(t *testing.T) {
	for _, path := range []string{"", "/completions"} {
		t.Run(path, func(t *testing.T) {
			r := newRig(t, fakeserver.Settings{OwnedBy: "vllm"}, quick)
			a := r.actor(t, path, core.Options{})
			paths := [][]core.Node{answered("what is it?", " it is four"), answered("hm\n", " no")}
			got, err := a.Score(t.Context(), paths)
			if err != nil {
				t.Fatal(err)
			}
			want := [][]float32{logprobs(" it", " is", " four"), logprobs("\n no")}
			if path == "" { // the template has a space there of its own
				want[0], want[1] = logprobs("  it", " is", " four"), logprobs("  no")
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v, want %v", got, want)
			}
			calls := len(r.Received())
			again, err := a.Read(t.Context(), paths, core.Reading{})
			if err != nil || fmt.Sprint(again[0].Raw) != fmt.Sprint(want[0]) || len(again[0].Text) != 3 || len(r.Received()) != calls {
				t.Errorf("read again: %v, %v; %d more calls", again, err, len(r.Received())-calls)
			}
			for _, odd := range []core.Reading{{Observe: core.Observe{Entropy: true}}, {Observe: core.Observe{Full: true}}, {Dropout: 0.1}, {Reduce: func([]float32) float32 { return 0 }}} {
				if _, err := a.Read(t.Context(), paths, odd); !unservedIs(err, "distributions") {
					t.Errorf("%+v: %v", odd, err)
				}
			}
			if path == "" {
				tops, err := a.Read(t.Context(), paths, core.Reading{Observe: core.Observe{Top: 1}})
				if err != nil || len(tops[0].Top) != 3 || tops[0].Top[2][0].Token != fakeserver.TokenID(" four") {
					t.Errorf("alternatives: %+v, %v", tops, err)
				}
			}
		})
	}
}

// A border that no token keeps: the token that spans it belongs to the answer.
func TestReadingAcrossTheBorder(t *testing.T) {
	r := newRig(t, fakeserver.Settings{}, quick)
	got, err := r.actor(t, "/completions", core.Options{}).Read(t.Context(), [][]core.Node{answered("it is fo", "ur now")}, core.Reading{})
	if err != nil || !slices.Equal(got[0].Text, []string{" four", " now"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func unservedIs(err error, about string) bool {
	var u *core.UnservedError
	return errors.As(err, &u) && strings.Contains(err.Error(), about)
}

// What a server lacks for a reading is said, whether it refuses or passes over.
func TestReadingsThatAreNotServed(t *testing.T) {
	for name, c := range map[string]struct {
		set   fakeserver.Settings
		path  string
		about string
	}{
		"another's chat": {fakeserver.Settings{OwnedBy: "openai"}, "", "not known to tell them in chats"},
		"echo ignored":   {fakeserver.Settings{Lacks: map[string]fakeserver.Lack{"echo": fakeserver.Ignores}}, "/completions", "does not know echo"},
		"prompt ignored": {fakeserver.Settings{OwnedBy: "vllm", Lacks: map[string]fakeserver.Lack{"prompt_logprobs": fakeserver.Ignores}}, "", "no prompt_logprobs"},
		"ids ignored":    {fakeserver.Settings{OwnedBy: "vllm", Lacks: map[string]fakeserver.Lack{"return_token_ids": fakeserver.Ignores}}, "", "no prompt_logprobs"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.set, quick)
			_, err := r.actor(t, c.path, core.Options{}).Score(t.Context(), [][]core.Node{answered("what?", "that")})
			if !unservedIs(err, c.about) {
				t.Errorf("%v", err)
			}
		})
	}
	long := fakeserver.Fault{Status: 400, Body: `{"error":{"message":"This model's maximum context length is 8 tokens.","code":"context_length_exceeded"}}`}
	for _, act := range []bool{true, false} {
		r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{long}}, quick)
		a := r.actor(t, "/completions", core.Options{MaxTokens: 5})
		var err error
		if act {
			_, err = a.Act(t.Context(), ask("long"))
		} else {
			_, err = a.Score(t.Context(), [][]core.Node{answered("long", "er")})
		}
		var tooLong *core.TooLongError
		if !errors.As(err, &tooLong) || len(r.Received()) != 1 {
			t.Errorf("a text that does not fit is %v after %d calls", err, len(r.Received()))
		}
	}
}
