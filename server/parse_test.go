package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pawl"
	"pawl/core"
)

var dialects = map[string]dialect{"chat": chat{}, "completions": completions{}, "responses": responses{}, "messages": messages{}}

// What is wrong with a request is a 400 that names where.
func TestRefusals(t *testing.T) {
	const deep = 200
	for _, c := range []struct{ dialect, body, param string }{
		{"chat", ``, ""}, {"chat", `[]`, ""}, {"chat", `{"model":"m"} x`, ""}, {"chat", `{"model":`, ""},
		{"chat", strings.Repeat("[", deep) + strings.Repeat("]", deep), ""},
		{"chat", `{"messages":[{"role":"user","content":"x"}]}`, "model"},
		{"chat", `{"model":"m"}`, "messages"},
		{"chat", `{"model":"m","messages":[]}`, "messages"},
		{"chat", `{"model":"m","messages":[{"role":"king","content":"x"}]}`, "messages[0].role"},
		{"chat", `{"model":"m","messages":[{"role":"user"}]}`, "messages[0].content"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}`, "messages[0].content[0]"},
		{"chat", `{"model":"m","messages":[{"role":"tool","content":"x"}]}`, "messages[0].tool_call_id"},
		{"chat", `{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1"}]}]}`, "messages[0].tool_calls"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":"hot"}`, "temperature"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"n":0}`, "n"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"n":1.5}`, "n"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":-1}`, "max_tokens"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"stop":[""]}`, "stop"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"top_logprobs":3}`, "top_logprobs"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":{}}`, "tools"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}`, "tools[0].function.name"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":[1]}}]}`, "tools[0].function.parameters"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}`, "response_format.type"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}`, "response_format.json_schema.schema"},
		{"chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":3}}`, "stream_options.include_usage"},
		{"completions", `{"model":"m"}`, "prompt"}, {"completions", `{"model":"m","prompt":[1,2]}`, "prompt"},
		{"completions", `{"model":"m","prompt":"x","best_of":4}`, "best_of"},
		{"responses", `{"model":"m"}`, "input"}, {"responses", `{"model":"m","input":"x","previous_response_id":"resp_1"}`, "previous_response_id"},
		{"responses", `{"model":"m","input":[{"type":"reasoning"}]}`, "input[0].type"},
		{"responses", `{"model":"m","input":"x","tools":[{"type":"web_search"}]}`, "tools[0].type"},
		{"messages", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, "max_tokens"},
		{"messages", `{"model":"m","max_tokens":9,"messages":[{"role":"system","content":"x"}]}`, "messages[0].role"},
		{"messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}`, "messages[0].content[0].type"},
		{"messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"maybe"}}`, "tool_choice.type"},
	} {
		a, bad := dialects[c.dialect].parse([]byte(c.body))
		if bad == nil {
			t.Errorf("%s: %s is taken: %+v", c.dialect, c.body, a)
		} else if bad.status != 400 || bad.param != c.param || bad.message == "" {
			t.Errorf("%s: %s: status %d, param %q, want %q: %s", c.dialect, c.body, bad.status, bad.param, c.param, bad.message)
		}
	}
}

// The dialects say the same: one conversation with tools is one path, whichever of
// them it comes in.
func TestDialectsAgree(t *testing.T) {
	bodies := map[string]string{
		"chat":      `{"model":"m","max_tokens":9,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Weather?"}]},{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"rain"}],"tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"}}}]}`,
		"responses": `{"model":"m","max_output_tokens":9,"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Weather?"}]},{"type":"function_call","call_id":"c1","name":"weather","arguments":"{\"city\":\"Oslo\"}"},{"type":"function_call_output","call_id":"c1","output":"rain"}],"tools":[{"type":"function","name":"weather","description":"d","parameters":{"type":"object"}}]}`,
		"messages":  `{"model":"m","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"weather","input":{"city":"Oslo"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"rain"}]}],"tools":[{"name":"weather","description":"d","input_schema":{"type":"object"}}]}`,
	}
	plain := func(raw json.RawMessage) string {
		if len(raw) == 0 {
			return ""
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	want, bad := dialects["chat"].parse([]byte(bodies["chat"]))
	if bad != nil {
		t.Fatal(bad)
	}
	for name, body := range bodies {
		got, bad := dialects[name].parse([]byte(body))
		if bad != nil {
			t.Fatalf("%s: %v", name, bad)
		}
		if got.options.MaxTokens != 9 || plain(got.options.Tools) != plain(want.options.Tools) {
			t.Errorf("%s: options %+v, tools %s", name, got.options, got.options.Tools)
		}
		if len(got.prompts[0]) != 4 {
			t.Fatalf("%s: %d turns, want 4", name, len(got.prompts[0]))
		}
		for i, n := range got.prompts[0] {
			w := want.prompts[0][i]
			if n.Role != w.Role || n.Content != w.Content || plain(n.Data) != plain(w.Data) {
				t.Errorf("%s: turn %d is %+v, %s; want %+v, %s", name, i, n, n.Data, w, w.Data)
			}
		}
	}
}

// What nobody here knows goes along to models that others serve, as it came, and is
// refused by name by models that cannot honour it.
func TestUnknownFields(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"u"}}],"cache":1}],"reasoning_effort":"high","user":"u","frequency_penalty":0,"presence_penalty":0.5,"top_k":4}`
	a, bad := chat{}.parse([]byte(body))
	if bad != nil {
		t.Fatal(bad)
	}
	if bad := a.fit(true); bad != nil {
		t.Fatal(bad)
	}
	if got, want := string(a.options.Extra), `{"presence_penalty":0.5,"reasoning_effort":"high","top_k":4,"user":"u"}`; got != want {
		t.Errorf("what goes along is %s, want %s", got, want)
	}
	n := a.prompts[0][0]
	if n.Content != "What is it?" || string(n.Data) != `{"cache":1,"content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"u"}}]}` {
		t.Errorf("the turn is %q, %s", n.Content, n.Data)
	}
	for _, c := range []struct{ more, param string }{
		{`"reasoning_effort":"high"`, "reasoning_effort"}, {`"presence_penalty":0.5`, "presence_penalty"}, {`"web_search_options":{}`, "web_search_options"},
		{`"logit_bias":{"x":1}`, "logit_bias"}, {`"user":"u","store":true,"metadata":{}`, ""}, {`"top_k":4,"min_p":0.1,"logit_bias":{"3":-1}`, ""}, {`"seed":null,"reasoning_effort":null`, ""},
	} {
		a, bad := chat{}.parse([]byte(chatBody("m", c.more)))
		if bad != nil {
			t.Fatal(bad)
		}
		if bad := a.fit(false); (bad == nil) != (c.param == "") || bad != nil && bad.param != c.param {
			t.Errorf("%s: %v, want a refusal of %q", c.more, bad, c.param)
		}
	}
}

func TestHeaders(t *testing.T) {
	for text, want := range map[string]time.Duration{"2s": 2 * time.Second, "500ms": 500 * time.Millisecond, "1.5": 1500 * time.Millisecond, "0": 0, "-1s": 0, "soon": 0, "": 0, "NaN": 0, "1e300": 0} {
		if got, err := readDuration(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("a deadline of %q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]pawl.Limits{
		"5000": {Tokens: 5000}, "tokens=5000": {Tokens: 5000}, "tokens=10, usd=0.02": {Tokens: 10, MicroUSD: 20000}, "usd=1": {MicroUSD: 1e6},
		"": {}, "0": {}, "-5": {}, "usd=0": {}, "tokens=x": {}, "euro=1": {}, "tokens=NaN": {}, "tokens=1e99": {},
	} {
		if got, err := readBudget(text); err == nil && got != want || (err == nil) != (want != pawl.Limits{}) {
			t.Errorf("a budget of %q is %v, %v; want %v", text, got, err, want)
		}
	}
}

// FuzzParse: a request is either understood, and then has turns with roles that
// models know, or refused with a status below 500.
func FuzzParse(f *testing.F) {
	for name := range dialects {
		for _, more := range []string{"", `"stream":true,"n":2`, `"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"`, `"response_format":{"type":"json_object"}`} {
			f.Add(name, []byte(requestFor("/v1/"+map[string]string{"chat": "chat/completions"}[name]+name, "m", more)))
		}
	}
	f.Add("chat", []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}}]}]}`))
	f.Add("responses", []byte(`{"model":"m","input":[{"type":"function_call","name":"f"},{"type":"function_call","name":"g"}]}`))
	f.Add("messages", []byte(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":[{"type":"text","text":"y"}]}]}]}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		d, ok := dialects[name]
		if !ok {
			return
		}
		a, bad := d.parse(body)
		if bad == nil {
			bad = a.fit(false)
		}
		if bad != nil {
			if bad.status < 400 || bad.status >= 500 {
				t.Errorf("%q: status %d", body, bad.status)
			}
			if _, err := json.Marshal(d.fail(bad, "x")); err != nil {
				t.Error(err)
			}
			return
		}
		if a.model == "" || len(a.prompts) == 0 || a.n < 1 {
			t.Errorf("%q: understood as %+v", body, a)
		}
		for _, path := range a.prompts {
			for _, n := range path {
				if n.Role != core.RoleSystem && n.Role != core.RoleUser && n.Role != core.RoleAssistant && n.Role != core.RoleTool {
					t.Errorf("%q: a turn of role %q", body, n.Role)
				}
			}
		}
	})
}
