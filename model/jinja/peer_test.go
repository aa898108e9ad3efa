package jinja

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// question is a rendering that two programs are asked for.
type question struct {
	Template string                     `json:"template"`
	Values   map[string]json.RawMessage `json:"values"`
	name     string
}

type answer struct {
	Text  *string `json:"text"`
	Error string  `json:"error"`
}

const (
	chatsFile       = "testdata/chats.jsonl"       // what @huggingface/jinja 0.5.11 says
	expressionsFile = "testdata/expressions.jsonl" // what Jinja2 3.1.2 says
)

// TestChats compares chat templates in the style of ChatML, Llama 3, Qwen,
// Mistral and Gemma on awkward conversations with the recorded answers of the
// npm package @huggingface/jinja, byte for byte. PAWL_UPDATE=1 records them anew.
func TestChats(t *testing.T) { compareAnswers(t, chats(t), recorded(t, chatsFile, chats(t), askNode)) }

// TestExpressions compares the language, line by line, with the recorded
// answers of Jinja2 itself.
func TestExpressions(t *testing.T) {
	compareAnswers(t, expressions(t), recorded(t, expressionsFile, expressions(t), askPython))
}

// The templates mean the same to Jinja2 and, live, to the npm package.
func TestPeersLive(t *testing.T) {
	if testing.Short() {
		t.Skip("TestChats and TestExpressions compare with recorded answers")
	}
	t.Run("npm", func(t *testing.T) { compareAnswers(t, chats(t), askNode(t, chats(t))) })
	t.Run("Jinja2", func(t *testing.T) {
		var known []question // Jinja2 has no generation
		for _, q := range append(chats(t), expressions(t)...) {
			if !strings.Contains(q.Template, "{% generation %}") {
				known = append(known, q)
			}
		}
		compareAnswers(t, known, askPython(t, known))
	})
}

func recorded(t *testing.T, file string, list []question, ask func(*testing.T, []question) []byte) []byte {
	t.Helper()
	if os.Getenv("PAWL_UPDATE") == "1" {
		if err := os.WriteFile(file, ask(t, list), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func askNode(t *testing.T, list []question) []byte {
	t.Helper()
	tools, err := filepath.Abs("../../.tools")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules/@huggingface/jinja")); err != nil {
		t.Skip("@huggingface/jinja is not there; scripts/setup installs it")
	}
	return ask(t, list, "node", "testdata/peer.mjs", tools)
}

func askPython(t *testing.T, list []question) []byte {
	t.Helper()
	if exec.Command("/usr/bin/python3", "-c", "import jinja2").Run() != nil {
		t.Skip("Jinja2 is not there; scripts/setup installs it, on Debian")
	}
	return ask(t, list, "/usr/bin/python3", "testdata/peer.py")
}

func ask(t *testing.T, list []question, program string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not there", program)
	}
	in, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// compareAnswers wants the same text, or an error from both.
func compareAnswers(t *testing.T, list []question, answers []byte) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSuffix(answers, []byte("\n")), []byte("\n"))
	if len(lines) != len(list) {
		t.Fatalf("%d answers to %d questions; PAWL_UPDATE=1 go test records them anew", len(lines), len(list))
	}
	for i, q := range list {
		var want answer
		if err := json.Unmarshal(lines[i], &want); err != nil {
			t.Fatal(err)
		}
		got, err := render(q)
		switch {
		case err != nil && want.Text != nil:
			t.Errorf("%s: %v, want %q", q.name, err, *want.Text)
		case err == nil && want.Text == nil:
			t.Errorf("%s gives %q, want an error: %s", q.name, got, want.Error)
		case err == nil && got != *want.Text:
			t.Errorf("%s gives\n%q, want\n%q", q.name, got, *want.Text)
		}
	}
}

func render(q question) (string, error) {
	t, err := Parse(q.Template)
	if err != nil {
		return "", err
	}
	values := map[string]any{}
	for k, v := range q.Values {
		values[k] = v
	}
	return t.Render(values, time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC))
}

func expressions(t *testing.T) []question {
	t.Helper()
	b, err := os.ReadFile("testdata/expressions.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	var all []question
	for _, s := range list {
		all = append(all, question{s, values(conversations[0]), s})
	}
	return all
}

func values(conversation string, more ...string) map[string]json.RawMessage {
	v := map[string]json.RawMessage{"messages": json.RawMessage(conversation), "bos_token": json.RawMessage(`"<s>"`), "eos_token": json.RawMessage(`"</s>"`)}
	for i := 0; i < len(more); i += 2 {
		v[more[i]] = json.RawMessage(more[i+1])
	}
	return v
}

// conversations that templates come apart at.
var conversations = []string{
	`[{"role":"system","content":" Be kind. "},{"role":"user","content":"Hi\n"},{"role":"assistant","content":"<think>\nhm\n</think>\n\nHello é <b>"},{"role":"user","content":"2+2?"}]`,
	`[{"role":"user","content":""}]`,
	`[{"role":"user","content":"  \n\t x \r\n y  \n\n"},{"role":"assistant","content":"\n\n  "},{"role":"user","content":"{{ not }} {% a %} {# template #}"}]`,
	`[{"role":"system","content":""},{"role":"user","content":"\"quotes\" 'both' \\ back"},{"role":"assistant","content":"😀 👩‍👩‍👧 שלום \u0000\u2028 中文"}]`,
	`[{"role":"user","content":"a"},{"role":"user","content":"b"}]`,
	`[{"role":"assistant","content":"I start."},{"role":"user","content":"no"}]`,
	`[{"role":"user","content":"</think> <|im_end|> </s> <tool_response>x</tool_response>"},{"role":"assistant","content":"a</think>b</think>c"}]`,
	`[{"role":"user","content":"<tool_response>only</tool_response>"},{"role":"assistant","content":"ok"}]`,
	`[{"role":"user","content":"weather?"},{"role":"assistant","content":"","tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"weather","arguments":{"place":"Zürich","days":3,"units":null,"deep":{"list":[1,2.5,true,"<&>"]}}}}]},{"role":"tool","content":"sunny","tool_call_id":"abcdefghi"},{"role":"assistant","content":"It is sunny."},{"role":"user","content":"thanks"}]`,
	`[{"role":"user","content":"two"},{"role":"assistant","content":"calling","reasoning_content":"\nI think.\n","tool_calls":[{"id":"123456789","function":{"name":"f","arguments":"{\"a\": 1}"}},{"id":"987654321","function":{"name":"g","arguments":{}}}]},{"role":"tool","content":"1"},{"role":"tool","content":"2"},{"role":"assistant","content":"<think>\nso\n</think>\n\ndone"}]`,
	`[{"role":"system","content":"s"},{"role":"system","content":"again"},{"role":"user","content":"u"},{"role":"critic","content":"c"}]`,
	`[{"role":"user","content":[{"type":"text","text":" look "},{"type":"image"},{"type":"text","text":"here\n"}]},{"role":"assistant","content":"nice"}]`,
	`[{"role":"user","content":"x","name":"ann"},{"role":"assistant","content":"y"},{"role":"user","content":"z"},{"role":"assistant","content":"unfinished "}]`,
}

const someTools = `[{"type":"function","function":{"name":"weather","description":"Tell the weather","parameters":{"type":"object","properties":{"place":{"type":"string","description":"a \"place\" <b>"},"days":{"type":"integer"},"units":{"type":"string","enum":["C","F"]},"tags":{"type":"array","items":{"type":"string"}}},"required":["place"]},"return":{"type":"string"}}},{"type":"function","function":{"name":"noop","description":"","parameters":{"type":"object","properties":{}}}}]`

// chats is every template with every conversation.
func chats(t *testing.T) []question {
	t.Helper()
	files, err := filepath.Glob("testdata/templates/*.jinja")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d templates (%v)", len(files), err)
	}
	var all []question
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range conversations {
			// Templates that take parts for text print them, each program as
			// its own language does.
			if strings.Contains(c, `"content":[`) && !strings.Contains(string(b), "content is string") && !strings.Contains(string(b), "content'] is string") {
				continue
			}
			for k, more := range [][]string{
				{"add_generation_prompt", "true"},
				{"add_generation_prompt", "false", "tools", someTools},
				{"add_generation_prompt", "true", "tools", "null", "enable_thinking", "false", "date_string", `"02 Feb 2026"`},
			} {
				name := filepath.Base(file) + ", conversation " + string('a'+rune(i)) + string('1'+rune(k))
				all = append(all, question{string(b), values(c, more...), name})
			}
		}
	}
	return all
}
