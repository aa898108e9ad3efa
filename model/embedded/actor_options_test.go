package embedded

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pawl/core"
)

// Answers that stop keep what the options demand, with every kind of text.
func TestAnswersKeepTheirConstraints(t *testing.T) {
	e, _ := newEngine()
	for what, p := range map[string]core.Policy{"bytes": made(t, e, tiny(3)), "words": made(t, e, spaced("yes", "no", "7"))} {
		a := seated(t, e, p, core.Options{MaxTokens: 30})
		re := "(yes|no)( no)*( 7)?"
		nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("7")}, N: 20, Options: core.Options{Regex: re}})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			if n.Finish == "stop" && !regexp.MustCompile("^(?:"+re+")$").MatchString(n.Content) {
				t.Errorf("%s: %q does not match", what, n.Content)
			}
		}
		if !slices.ContainsFunc(nodes, func(n core.Node) bool { return n.Finish == "stop" }) {
			t.Errorf("%s: no answer stops", what)
		}
	}
	a := seated(t, e, made(t, e, tiny(3)), core.Options{MaxTokens: 60})
	schema := json.RawMessage(`{"type":"object","properties":{"ok":{"type":"boolean"},"n":{"enum":[1,2]}},"required":["ok","n"]}`)
	nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("q")}, N: 8, Options: core.Options{Schema: schema}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		var v struct {
			OK *bool
			N  int
		}
		if err := json.Unmarshal([]byte(n.Content), &v); err != nil || v.OK == nil || v.N < 1 || v.N > 2 || n.Finish != "stop" {
			t.Errorf("%q (%s): %v", n.Content, n.Finish, err)
		}
	}
	for _, c := range []struct {
		o    core.Options
		want string
	}{
		{core.Options{Regex: "("}, "missing closing"},
		{core.Options{Regex: "a", Grammar: `root ::= "b"`}, "a regex and a grammar"},
		{core.Options{Schema: json.RawMessage(`{"minimum":1}`)}, "minimum"},
		{core.Options{Interventions: []string{"think"}}, `there is no intervention "think"; there are: `},
		{core.Options{Bias: map[int32]float64{1 << 20: 1}}, "a bias of 1 for token 1048576"},
	} {
		if _, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("q")}, N: 1, Options: c.o}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func TestInterventionsAndInstruments(t *testing.T) {
	e, _ := newEngine()
	forced := int32(3 + 'z')
	force := func(path []int32, logits []float32) {
		for i := range logits {
			if int32(i) != forced {
				logits[i] = float32(math.Inf(-1))
			}
		}
	}
	if err := e.Intervene("z", force); err != nil {
		t.Fatal(err)
	}
	if err := e.Intervene("z", force); err == nil {
		t.Error("a name is given twice")
	}
	p := made(t, e, tiny(3))
	a := seated(t, e, p, core.Options{MaxTokens: 5})
	r := core.Request{Path: []core.Node{user("q")}, N: 2, Options: core.Options{Interventions: []string{"z"}}}
	nodes, err := a.Act(t.Context(), r)
	if err != nil || nodes[1].Content != "zzzzz" {
		t.Fatalf("%+v (%v)", nodes, err)
	}
	in, ok := core.Actor(a).(core.Instrumented)
	if !ok {
		t.Fatal("the actor cannot be looked into")
	}
	plain, err := a.Act(t.Context(), core.Request{Path: r.Path, N: 2})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	streamed := map[int]string{}
	list, seen, err := in.ActInstrumented(t.Context(), []core.Request{{Path: r.Path, N: 2}}, core.Instruments{
		Observe: core.Observe{Top: 3, Entropy: true, Hidden: true, Prompt: true},
		Token: func(request, sample int, token int32, text string, logp float32) {
			mu.Lock()
			defer mu.Unlock()
			streamed[sample] += text
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range list[0] {
		o := seen[0][k]
		if !slices.Equal(n.TokenIDs, plain[k].TokenIDs) || !slices.Equal(o.Raw, n.Logprobs) {
			t.Errorf("sample %d is another when looked into", k)
		}
		if len(o.Top) != len(n.TokenIDs) || len(o.Top[0]) != 3 || o.Top[0][0].Logprob < o.Top[0][1].Logprob || len(o.Entropy) != len(n.TokenIDs) || len(o.Prompt) == 0 || len(o.Hidden) != len(n.TokenIDs) {
			t.Errorf("sample %d: %+v", k, o)
		}
		if !strings.HasPrefix(n.Content, streamed[k]) {
			t.Errorf("streamed %q of %q", streamed[k], n.Content)
		}
	}
	// A gradient step on what the head reads makes the wanted token likelier,
	// and sampling under the shift says so.
	tokens, err := in.Tokens(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	width := len(seen[0][0].Hidden[0])
	const layers = 1 // of tiny
	shift := []core.Shift{{Layer: layers, Add: make([]float32, width), Repeat: true}}
	score := func(logp, dlogp [][]float32) float64 {
		dlogp[0][forced] = 1
		return float64(logp[0][forced])
	}
	before, grad, err := in.HiddenGradient(t.Context(), tokens, len(tokens), shift, score)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range grad[0] {
		shift[0].Add[i] += 0.5 * g
	}
	after, _, err := in.HiddenGradient(t.Context(), tokens, len(tokens), shift, score)
	if err != nil || after <= before {
		t.Errorf("the score goes from %v to %v (%v)", before, after, err)
	}
	_, shifted, err := in.ActInstrumented(t.Context(), []core.Request{{Path: r.Path, N: 1}}, core.Instruments{Observe: core.Observe{Full: true}, Shifts: shift})
	if err != nil || float64(shifted[0][0].Full[0][forced]) != after {
		t.Errorf("sampled under %v, scored %v (%v)", shifted[0][0].Full[0][forced], after, err)
	}
}
