package embedded

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"pawl/core"
)

// A folder that asks for it has its answers cleaned up, whole and streamed,
// unless they keep a constraint, which is about the text as it was drawn.
func TestAnswersAreCleanedUp(t *testing.T) {
	e, _ := newEngine()
	dir := exported(t, e, made(t, e, tiny(1)))
	var c map[string]any
	if err := json.Unmarshal(read(t, dir, "tokenizer_config.json"), &c); err != nil {
		t.Fatal(err)
	}
	c["clean_up_tokenization_spaces"] = true
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	a := seated(t, e, p, core.Options{MaxTokens: 40})
	ids, err := a.text.tok.Continue("it 's so . x")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[turn]string{{}: "it's so. x", {verbatim: true}: "it 's so . x"} {
		if got := a.text.decode(ids, at); got != want {
			t.Errorf("%+v: %q, want %q", at, got, want)
		}
		w, streamed := a.text.newStream(at), ""
		for _, id := range ids {
			streamed += w.write(id)
		}
		if streamed != want {
			t.Errorf("%+v: streamed %q, want %q", at, streamed, want)
		}
	}
	// Constraints force what is drawn.
	act := func(o core.Options) core.Node {
		nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("q")}, N: 1, Options: o})
		if err != nil {
			t.Fatal(err)
		}
		return nodes[0]
	}
	if n := act(core.Options{Regex: "a \\. b"}); n.Content != "a . b" || n.Finish != "stop" {
		t.Errorf("%+v", n)
	}
	// A stop is looked for in the text that is given.
	script := "so a . b , c"
	prompt, err := a.text.prompt([]core.Node{user("q")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Intervene("script", func(path []int32, logits []float32) {
		for i := range logits {
			logits[i] = -100
		}
		logits[3+script[len(path)-len(prompt)]] = 100
	}); err != nil {
		t.Fatal(err)
	}
	a = seated(t, e, p, core.Options{MaxTokens: len(script)})
	if n := act(core.Options{Interventions: []string{"script"}, Stop: []string{"a. b"}}); n.Content != "so " || n.Finish != "stop" {
		t.Errorf("%+v", n)
	}
	if n := act(core.Options{Interventions: []string{"script"}, Stop: []string{"a . b"}}); n.Content != "so a. b, c" || n.Finish != "length" {
		t.Errorf("%+v", n)
	}
}
