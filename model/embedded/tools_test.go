package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
)

const weather = `[{"type":"function","function":{"name":"weather","description":"Tell \"it\" <b>","parameters":{"type":"object","properties":{"place":{"type":"string"},"days":{"type":"integer"}},"required":["place"]}}}]`

// toolTalk is a conversation with calls in OpenAI's form, as nodes and as the
// messages that Hugging Face gives templates, and what both become.
var (
	toolTalk = []core.Node{
		{Role: core.RoleSystem, Content: "Be kind."}, user("weather?"),
		{Role: core.RoleAssistant, Data: json.RawMessage(`{"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"place\":\"Zürich\",\"days\":3}"}},{"id":"c2","type":"function","function":{"name":"weather","arguments":{"place":"<Bern>"}}}]}`)},
		{Role: core.RoleTool, Content: "sun", Data: json.RawMessage(`{"tool_call_id":"c1","name":"weather"}`)},
		{Role: core.RoleTool, Content: "rain", Data: json.RawMessage(`{"tool_call_id":"c2"}`)},
		assistant("Sun, then rain."), user("thanks"),
	}
	toolMessages = `[{"role":"system","content":"Be kind."},{"role":"user","content":"weather?"},
		{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":{"place":"Zürich","days":3}}},{"id":"c2","type":"function","function":{"name":"weather","arguments":{"place":"<Bern>"}}}]},
		{"role":"tool","content":"sun","tool_call_id":"c1","name":"weather"},{"role":"tool","content":"rain","tool_call_id":"c2"},
		{"role":"assistant","content":"Sun, then rain."},{"role":"user","content":"thanks"}]`
	toolText = "<|im_start|>system\nBe kind.\n\n# Functions\n\nYou may call these:\n<tools>\n" +
		`{"type": "function", "function": {"name": "weather", "description": "Tell \"it\" <b>", "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}, "required": ["place"]}}}` +
		"\n</tools>\n\nCall one as <tool_call>{\"name\": ..., \"arguments\": ...}</tool_call><|im_end|>\n<|im_start|>user\nweather?<|im_end|>\n" +
		"<|im_start|>assistant\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"place\": \"Zürich\", \"days\": 3}}\n</tool_call>\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"place\": \"<Bern>\"}}\n</tool_call><|im_end|>\n" +
		"<|im_start|>user\n<tool_response>\nsun\n</tool_response>\n<tool_response>\nrain\n</tool_response><|im_end|>\n" +
		"<|im_start|>assistant\nSun, then rain.<|im_end|>\n<|im_start|>user\nthanks<|im_end|>\n<|im_start|>assistant\n"
)

func thinking(t *testing.T) string {
	t.Helper()
	return string(read(t, filepath.Join("..", "jinja", "testdata", "templates"), "thinking.jinja"))
}

func TestToolsReachTheTemplate(t *testing.T) {
	x := chatText(t, thinking(t))
	tools, err := x.offer(json.RawMessage(weather))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := x.prompt(toolTalk, tools)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.tok.Decode(ids); got != toolText {
		t.Errorf("got\n%s\nwant\n%s", got, toolText)
	}
	// A template of its own for tools serves where there are some.
	named := chatText(t, []any{map[string]string{"name": "default", "template": chat}, map[string]string{"name": "tool_use", "template": thinking(t)}})
	if ids, err = named.prompt(toolTalk, tools); err != nil || named.tok.Decode(ids) != toolText {
		t.Errorf("tool_use gives %q (%v)", named.tok.Decode(ids), err)
	}
	if ids, err = named.prompt(toolTalk[1:2], nil); err != nil || named.tok.Decode(ids) != "[u]weather?[a]" {
		t.Errorf("without tools: %q (%v)", named.tok.Decode(ids), err)
	}
	// Without tools the template is told of none.
	if ids, err = x.prompt(toolTalk[:2], nil); err != nil || strings.Contains(x.tok.Decode(ids), "# Functions") {
		t.Errorf("%q (%v)", x.tok.Decode(ids), err)
	}
}

// What toolText says is what others make of the same messages.
func TestToolTextLive(t *testing.T) {
	if testing.Short() {
		t.Skip("TestToolsReachTheTemplate compares with the text itself")
	}
	dir, err := filepath.Abs("../../.tools")
	if err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal([]any{map[string]any{"template": thinking(t), "values": map[string]any{
		"messages": json.RawMessage(toolMessages), "tools": json.RawMessage(weather), "add_generation_prompt": true,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range []struct{ name, there, program, script string }{
		{"@huggingface/jinja", "node_modules/@huggingface/jinja", "node", "../jinja/testdata/peer.mjs"}, {"Jinja2", "", "/usr/bin/python3", "../jinja/testdata/peer.py"},
	} {
		t.Run(peer.name, func(t *testing.T) {
			if _, err := filepath.EvalSymlinks(filepath.Join(dir, peer.there)); err != nil && peer.there != "" || peer.there == "" && exec.Command(peer.program, "-c", "import jinja2").Run() != nil {
				t.Skip("it is not there; scripts/setup installs it")
			}
			cmd := exec.Command(peer.program, peer.script, dir)
			cmd.Stdin = bytes.NewReader(question)
			out, err := cmd.Output()
			var a struct{ Text string }
			if err == nil {
				err = json.Unmarshal(out, &a)
			}
			if err != nil || a.Text != toolText {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// A turn sampled with tools trains after the prompt that it was sampled after.
func TestToolsInTraining(t *testing.T) {
	e, _ := newEngine()
	dir := chatFolder(t, e, thinking(t))
	config := bytes.Replace(read(t, dir, "config.json"), []byte(`"max_position_embeddings": 64`), []byte(`"max_position_embeddings": 2048`), 1)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	a := seated(t, e, p, core.Options{MaxTokens: 3})
	path := slices.Clone(toolTalk)
	for range 2 { // the second turn follows a sampled one
		nodes, err := a.Act(t.Context(), core.Request{Path: path, N: 1, Options: core.Options{Tools: json.RawMessage(weather), Temperature: new(float64)}})
		if err != nil {
			t.Fatal(err)
		}
		path = append(path, nodes[0])
		ids, loss, err := a.text.EncodePath(path)
		if err != nil {
			t.Fatal(err)
		}
		head := len(ids) - len(nodes[0].TokenIDs)
		if core.TokensDigest(ids[:head]) != nodes[0].Prefix || !loss[head] {
			t.Errorf("it was sampled after another prompt than %q", a.text.tok.Decode(ids[:head]))
		}
		scores, err := a.Score(t.Context(), [][]core.Node{path})
		if err != nil || !slices.Equal(scores[0], nodes[0].Logprobs) {
			t.Errorf("it scores otherwise (%v)", err)
		}
		path = append(path, user("more"))
	}
}

func TestToolErrors(t *testing.T) {
	e, _ := newEngine()
	p, err := e.Import(t.Context(), chatFolder(t, e, thinking(t)))
	if err != nil {
		t.Fatal(err)
	}
	deaf, err := e.Import(t.Context(), chatFolder(t, e, chat))
	if err != nil {
		t.Fatal(err)
	}
	call := func(data string) []core.Node {
		return []core.Node{user("q"), {Role: core.RoleAssistant, Data: json.RawMessage(data)}, {Role: core.RoleTool, Content: "x"}}
	}
	for _, c := range []struct {
		p        core.Policy
		path     []core.Node
		tools    string
		want     string
		unserved bool
	}{
		{p, toolTalk, `[{"type":"function"}]`, "item 0 is not like", true},
		{p, toolTalk, `{"name":"f"}`, "a list of functions is wanted", true},
		{deaf, toolTalk[:2], weather, "has no place for them", true},
		{made(t, e, tiny(1)), toolTalk[:2], weather, "no chat template", true},
		{made(t, e, tiny(1)), toolTalk, "", "turn 3: it has tool calls", false},
		{p, toolTalk[:3], weather, "their results come before", false},
		{p, call(`{"tool_calls":[{"function":{"name":"f","arguments":"[1]"}}]}`), weather, "the arguments of f are no JSON object", false},
		{p, call(`{"tool_calls":[{"function":{"arguments":{}}}]}`), weather, "the function has no name", false},
	} {
		_, err := seated(t, e, c.p, core.Options{MaxTokens: 1}).Act(t.Context(), core.Request{Path: c.path, N: 1, Options: core.Options{Tools: json.RawMessage(c.tools)}})
		unserved := (*core.UnservedError)(nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &unserved) != c.unserved {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	for _, none := range []string{"", "null", "[]"} {
		if _, err := seated(t, e, deaf, core.Options{MaxTokens: 1}).Act(t.Context(), core.Request{Path: toolTalk[:2], N: 1, Options: core.Options{Tools: json.RawMessage(none)}}); err != nil {
			t.Errorf("%q: %v", none, err)
		}
	}
}
