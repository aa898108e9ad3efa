package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/openai/fakeserver"
)

// quick timeouts and waits: nothing here depends on how long they are.
var quick = Timeouts{Connect: 5 * time.Second, FirstByte: 20 * time.Second, Idle: 20 * time.Second, Total: time.Minute}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// rig is a server, a payer and what makes actors of the two.
type rig struct {
	*fakeserver.Server
	payer    *coretest.Payer
	provider *Provider
}

func newRig(t testing.TB, set fakeserver.Settings, timeouts Timeouts, prices ...Price) *rig {
	t.Helper()
	t.Setenv("OPENAI_API_KEY", "")
	t.Setenv("PAWL_API_KEY", "")
	r := &rig{Server: fakeserver.Start(set), payer: &coretest.Payer{Wait: noWait}}
	r.provider = New(Options{Payer: r.payer, Timeouts: timeouts, Prices: func() (Prices, error) { return prices, nil }})
	t.Cleanup(func() {
		r.provider.Close()
		r.Stop()
	})
	return r
}

// actor seats a model; path is "" for chats.
func (r *rig) actor(t testing.TB, path string, o core.Options) *actor {
	t.Helper()
	m, err := r.provider.Resolve(t.Context(), "fake", r.Base()+path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.provider.actor(m, "solver", o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ask(text string) core.Request {
	return core.Request{Path: []core.Node{{Role: core.RoleUser, Content: text}}, N: 1, Seed: 7}
}

func heat(t float64) core.Options { return core.Options{Temperature: &t} }

// field is a field of a call as it came.
func field(c fakeserver.Received, name string) string { return string(c.Fields[name]) }

func TestActorConforms(t *testing.T) {
	for _, path := range []string{"", "/completions"} {
		for _, lack := range []map[string]fakeserver.Lack{nil, {"n": fakeserver.Ignores}, {"n": fakeserver.Refuses}} {
			t.Run(fmt.Sprint(path, lack), func(t *testing.T) {
				// One alternative's text is a function of its seed alone where each is
				// asked for on its own; else also of its place in the call.
				set := fakeserver.Settings{Lacks: lack}
				r := newRig(t, set, quick)
				coretest.Actor(t, func() (core.Actor, error) { return r.actor(t, path, core.Options{}), nil })
				r.provider.Close()
			})
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	r := newRig(t, fakeserver.Settings{OwnedBy: "vllm"}, quick)
	a := r.actor(t, "", heat(0.5))
	req := ask("and?")
	req.Path = []core.Node{
		{Role: core.RoleSystem, Content: "Be brief."},
		{Role: core.RoleUser, Content: "look", Data: json.RawMessage(`{"content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:,x"}}]}`)},
		{Role: core.RoleAssistant, Actor: "solver", Data: json.RawMessage(`{"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{}"}}],"logprobs":{"content":[]},"reasoning_content":"hm"}`)},
		{Role: core.RoleTool, Actor: "tool", Content: "4", Data: json.RawMessage(`{"tool_call_id":"c1","criteria":["not for servers"]}`)},
	}
	req.Options = core.Options{MaxTokens: 9, TopP: 0.9, TopK: 5, MinP: 0.1, Stop: []string{"END"}, Bias: map[int32]float64{3: -1.5},
		Tools: json.RawMessage(`[{"type":"function","function":{"name":"add"}}]`), Extra: json.RawMessage(`{"tool_choice":"auto","parallel_tool_calls":false}`)}
	if _, err := a.Act(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	got := r.Received()[0]
	for name, want := range map[string]string{
		"model": `"fake"`, "temperature": "0.5", "max_tokens": "9", "top_p": "0.9", "top_k": "5", "min_p": "0.1", "stop": `["END"]`, "logit_bias": `{"3":-1.5}`,
		"tools": `[{"type":"function","function":{"name":"add"}}]`, "tool_choice": `"auto"`, "parallel_tool_calls": "false",
		"seed": fmt.Sprint(seedOf(7, 0)), "n": "", "stream": "",
		"messages": `[{"content":"Be brief.","role":"system"},` +
			`{"content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:,x"}}],"role":"user"},` +
			`{"content":null,"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{}"}}]},` +
			`{"content":"4","role":"tool","tool_call_id":"c1"}]`,
	} {
		if field(got, name) != want {
			t.Errorf("%s is %s, want %s", name, field(got, name), want)
		}
	}
}

func TestWhatComesBack(t *testing.T) {
	calls := json.RawMessage(`[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\": 1}"}}]`)
	for name, c := range map[string]struct {
		answer fakeserver.Answer
		o      core.Options
		path   string
		want   core.Node
	}{
		"text":    {answer: fakeserver.Answer{Text: "four it is"}, want: core.Node{Content: "four it is", Finish: "stop"}},
		"limit":   {answer: fakeserver.Answer{Text: "one two three"}, o: core.Options{MaxTokens: 2}, want: core.Node{Content: "one two", Finish: "length"}},
		"thought": {answer: fakeserver.Answer{Text: "4", Reasoning: "2 + 2"}, want: core.Node{Content: "4", Finish: "stop", Data: json.RawMessage(`{"reasoning_content":"2 + 2"}`)}},
		"call":    {answer: fakeserver.Answer{ToolCalls: calls}, want: core.Node{Finish: "tool_calls", Data: json.RawMessage(`{"tool_calls":` + string(calls) + `}`)}},
		"log-probs with ids": {answer: fakeserver.Answer{Text: "a b"}, o: core.Options{Logprobs: true}, path: "/completions", want: core.Node{
			Content: "a b", Finish: "stop", TokenIDs: []int32{fakeserver.TokenID("a"), fakeserver.TokenID(" b")},
			Logprobs: []float32{float32(fakeserver.Logprob("a")), float32(fakeserver.Logprob(" b"))},
			Prefix:   core.TokensDigest([]int32{fakeserver.TokenID("q")}),
			Data:     json.RawMessage(fmt.Sprintf(`{"logprobs":{"text_offset":[1,2],"token_logprobs":[%v,%v],"tokens":["a"," b"],"top_logprobs":null}}`, fakeserver.Logprob("a"), fakeserver.Logprob(" b"))),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeserver.Settings{Reply: func(fakeserver.Asked, int) fakeserver.Answer { return c.answer }}, quick)
			a := r.actor(t, c.path, c.o)
			c.want.Role, c.want.Actor, c.want.Policy = core.RoleAssistant, "solver", a.policy
			got, err := a.Act(t.Context(), ask("q"))
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprintf("%+v", got[0]) != fmt.Sprintf("%+v", c.want) {
				t.Errorf("whole:\n%+v, want\n%+v", got[0], c.want)
			}
			if c.path != "" {
				return // pieces of plain completions have other offsets
			}
			r.provider.payer = &coretest.Payer{Wait: noWait}
			var told core.Delta
			var parts int
			streamed, err := r.actor(t, c.path, c.o).Stream(t.Context(), ask("q"), func(d core.Delta) error {
				told.Content += d.Content
				told.Reasoning += d.Reasoning
				parts++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if streamed.Content != c.want.Content || streamed.Finish != c.want.Finish || told.Content != c.want.Content || told.Reasoning != c.answer.Reasoning {
				t.Errorf("streamed: %+v, told %+v", streamed, told)
			}
			if !sameJSON(streamed.Data, c.want.Data) {
				t.Errorf("streamed with %s, want %s", streamed.Data, c.want.Data)
			}
			if c.answer.Text == "four it is" && parts != 3 {
				t.Errorf("three tokens are told in %d parts", parts)
			}
		})
	}
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	_, _ = json.Unmarshal(a, &x), json.Unmarshal(b, &y)
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

// Row 15: the same prompt 64 times gives 64 alternatives, and asking again gives
// the same ones at no cost.
func TestManyAlternatives(t *testing.T) {
	for _, lack := range []fakeserver.Lack{"", fakeserver.Ignores, fakeserver.Refuses} {
		t.Run("n "+string(lack), func(t *testing.T) {
			r := newRig(t, fakeserver.Settings{Lacks: map[string]fakeserver.Lack{"n": lack}}, quick)
			a := r.actor(t, "", heat(1))
			req := ask("one of many")
			req.N = 64
			nodes, err := a.Act(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			distinct := map[string]bool{}
			for _, n := range nodes {
				distinct[n.Content] = true
			}
			billed, _, _ := r.Counts()
			if len(nodes) != 64 || len(distinct) != 64 || billed != 64 {
				t.Errorf("%d alternatives, %d distinct, %d billed", len(nodes), len(distinct), billed)
			}
			calls := len(r.Received())
			if want := map[fakeserver.Lack]int{"": 2, fakeserver.Ignores: 64, fakeserver.Refuses: 65}[lack]; calls != want {
				t.Errorf("%d calls, want %d", calls, want)
			}
			again, err := r.actor(t, "", heat(1)).Act(t.Context(), req)
			if err != nil || fmt.Sprint(again) != fmt.Sprint(nodes) || len(r.Received()) != calls {
				t.Errorf("asked again, %d more calls (%v)", len(r.Received())-calls, err)
			}
		})
	}
}

// Many who ask for several alternatives at once find out with one call whether the
// server gives them, whether that call succeeds or not.
func TestOneFindsOut(t *testing.T) {
	for name, c := range map[string]struct {
		set   fakeserver.Settings
		calls int
	}{
		"gives":   {fakeserver.Settings{}, 21},                                                           // two, then one; three of each other
		"ignores": {fakeserver.Settings{Lacks: map[string]fakeserver.Lack{"n": fakeserver.Ignores}}, 60}, // one at a time
		"refuses": {fakeserver.Settings{Lacks: map[string]fakeserver.Lack{"n": fakeserver.Refuses}}, 61}, // and one refusal
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.set, quick)
			rs := make([]core.Request, 20)
			for i := range rs {
				rs[i] = ask(fmt.Sprint("question ", i))
				rs[i].N = 3
			}
			got, err := r.actor(t, "", heat(1)).ActBatch(t.Context(), rs)
			if err != nil || len(r.Received()) != c.calls {
				t.Errorf("%d calls, want %d (%v)", len(r.Received()), c.calls, err)
			}
			for i, nodes := range got {
				if len(nodes) != 3 || nodes[0].Content == nodes[2].Content || !strings.HasPrefix(nodes[1].Content, fmt.Sprint("you said: question ", i)) {
					t.Errorf("question %d: %+v", i, nodes)
				}
			}
		})
	}
	r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Status: 400}}}, quick)
	rs := []core.Request{ask("a"), ask("b")}
	rs[0].N, rs[1].N = 2, 2
	if _, err := r.actor(t, "", heat(1)).ActBatch(t.Context(), rs); err == nil || len(r.Received()) != 2 {
		t.Errorf("after a failure: %v, %d calls", err, len(r.Received()))
	}
}

// A server that knows other fields is asked in its way from then on, and what a
// caller asked for is never left out.
func TestFieldsThatAreRefused(t *testing.T) {
	base := []string{"model", "messages", "temperature", "n"}
	r := newRig(t, fakeserver.Settings{Knows: append(base, "max_completion_tokens", "stream")}, quick)
	a := r.actor(t, "", core.Options{MaxTokens: 5})
	for i := range 2 {
		if _, err := a.Act(t.Context(), ask(fmt.Sprint("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.Received()); n != 4 { // max_tokens, seed; then the answer; then the second
		t.Errorf("%d calls: what was learnt is not kept", n)
	}
	if _, err := a.Stream(t.Context(), ask("streamed"), func(core.Delta) error { return nil }); err != nil {
		t.Errorf("without stream_options: %v", err)
	}
	req := ask("y")
	req.Options.TopP = 0.5
	_, err := a.Act(t.Context(), req)
	if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) || !strings.Contains(err.Error(), "top_p") {
		t.Errorf("a refused option is %v", err)
	}
	before := len(r.Received())
	for name, o := range map[string]core.Options{
		"min_p": {MinP: 0.1}, "top_k": {TopK: 3}, "regex": {Regex: "a+"}, "grammar": {Grammar: `root ::= "a"`},
		"interventions": {Interventions: []string{"x"}}, "by their text": {BiasText: map[string]float64{"a": 1}}, "further fields": {Extra: json.RawMessage(`{"n":3}`)},
	} {
		req := ask("z")
		req.Options = o
		_, err := a.Act(t.Context(), req)
		if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(r.Received()); n != before {
		t.Errorf("%d calls with fields that the server is not known to read", n-before)
	}
}

// A form that was passed over is found out.
func TestFormsAreKept(t *testing.T) {
	set := fakeserver.Settings{OwnedBy: "vllm", Reply: func(a fakeserver.Asked, _ int) fakeserver.Answer {
		return fakeserver.Answer{Text: strings.TrimPrefix(a.Last, "say ")}
	}}
	r := newRig(t, set, quick)
	schema := core.Options{Schema: json.RawMessage(`{"type":"object","required":["a"]}`)}
	for _, c := range []struct {
		o    core.Options
		say  string
		keep bool
	}{
		{schema, `{"a":1}`, true}, {schema, `{"b":1}`, false}, {schema, `a is 1`, false},
		{core.Options{Regex: "[0-9]+"}, "42", true}, {core.Options{Regex: "[0-9]+"}, "forty", false},
		{core.Options{Grammar: `root ::= "yes" | "no"`}, "no", true}, {core.Options{Grammar: `root ::= "yes" | "no"`}, "maybe", false},
	} {
		req := ask("say " + c.say)
		req.Options = c.o
		_, err := r.actor(t, "", core.Options{}).Act(t.Context(), req)
		unserved := (*core.UnservedError)(nil)
		if c.keep && err != nil || !c.keep && !errors.As(err, &unserved) {
			t.Errorf("%+v of %q: %v", c.o, c.say, err)
		}
	}
	req := ask("say x")
	req.Options = core.Options{Schema: json.RawMessage(`{"type":"nonsense"}`)}
	before := len(r.Received())
	if _, err := r.actor(t, "", core.Options{}).Act(t.Context(), req); err == nil || len(r.Received()) != before {
		t.Errorf("a schema that is none is sent: %v", err)
	}
}

// Requests that would get the same answer share a key; all else parts them.
func TestKeys(t *testing.T) {
	r := newRig(t, fakeserver.Settings{}, quick)
	key := func(a *actor, req core.Request) core.Key { return a.purchase(a.canonical(req), 0, 1).Keys[0] }
	chat := r.actor(t, "", heat(0))
	base := ask("q")
	same := base
	same.Path = slices.Clone(base.Path)
	same.Path[0].Actor, same.Path[0].Policy, same.Hidden, same.Options = "judge", "x", json.RawMessage(`"secret"`), heat(0)
	if key(chat, base) != key(chat, same) {
		t.Error("what is not sent parts keys")
	}
	other := map[string]core.Key{"": key(chat, base), "endpoint": key(r.actor(t, "/completions", heat(0)), base), "seat options": key(r.actor(t, "", heat(1)), base)}
	for name, change := range map[string]func(*core.Request){
		"seed": func(r *core.Request) { r.Seed++ }, "sample": func(r *core.Request) { r.First++ },
		"text":   func(r *core.Request) { r.Path[0].Content = "Q" },
		"images": func(r *core.Request) { r.Path[0].Data = json.RawMessage(`{"content":[{}]}`) },
		"extra":  func(r *core.Request) { r.Options.Extra = json.RawMessage(`{"a":1}`) },
	} {
		req := base
		req.Path = slices.Clone(base.Path)
		change(&req)
		other[name] = key(chat, req)
	}
	seen := map[core.Key]string{}
	for name, k := range other {
		if twin, ok := seen[k]; ok {
			t.Errorf("%q and %q share a key", name, twin)
		}
		seen[k] = name
	}
}
