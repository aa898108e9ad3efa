package openai

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/model/openai/fakeserver"
)

const table = `
- {model: org/small-*, at: "*.example.com", prompt: 1, completion: 2}
- {model: small-*, prompt: 0.15, completion: 0.6, cached: 0.075}
- {model: "*", at: 127.0.0.1, prompt: 0, completion: 0}
`

func TestPrices(t *testing.T) {
	p, err := ParsePrices([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		base, model string
		prompt      float64
		ok          bool
	}{
		{"https://api.example.com/v1", "org/small-1/x", 1, true}, {"https://example.org/v1", "org/small-1", 0, false},
		{"https://example.org/v1", "small-2", 0.15, true}, {"http://127.0.0.1:9/v1", "large", 0, true}, {"http://10.0.0.1/v1", "large", 0, false},
	} {
		x, ok := p.Of(c.base, c.model)
		if ok != c.ok || ok && *x.Prompt != c.prompt {
			t.Errorf("%s at %s: %+v, %v", c.model, c.base, x, ok)
		}
	}
	u := usage{PromptTokens: 1000, CompletionTokens: 10, CacheHits: 400}
	if got := p[1].cost(u); got != 126 { // 600 * 0.15 + 400 * 0.075 + 10 * 0.6
		t.Errorf("a cost of %d", got)
	}
	if got := p[1].cost(usage{PromptTokens: 1}); got != 1 {
		t.Errorf("a fraction of a millionth costs %d", got)
	}
	for text, want := range map[string]string{
		"- {prompt: 1, completion: 1}": "names no model", "- {model: x, prompt: 1}": "lacks the price", "- {model: x, prompt: -1, completion: 0}": "-1 dollars",
		"- {model: x, prompt: .nan, completion: 0}": "NaN dollars", "- {model: x, promt: 1}": "promt", "- {model: '[', prompt: 1, completion: 1}": "syntax error", "x: 1": "reading prices",
	} {
		if _, err := ParsePrices([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	file := filepath.Join(t.TempDir(), "prices.yaml")
	if err := os.WriteFile(file, []byte("- {model: x}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPrices(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a bad file: %v", err)
	}
}

// What a purchase reserves is never less than what it costs, and what it costs is
// what the server counts.
func TestCeilings(t *testing.T) {
	one, two := 1.5, 6.0
	r := newRig(t, fakeserver.Settings{}, quick, Price{Model: "fake", Prompt: &one, Completion: &two})
	var ceiling core.Purchase
	r.payer.Asked = func(c core.Purchase, _ []int) error { ceiling = c; return nil }
	var told []core.CallRecord
	ctx := core.WithCalls(t.Context(), func(c core.CallRecord) { told = append(told, c) })
	for _, text := range []string{"", "x", strings.Repeat("a b c ", 500), "日本語 🙂🙂"} {
		for _, n := range []int{1, 3} {
			req := ask(text)
			req.N, req.First, req.Options = n, 100, core.Options{MaxTokens: 3000}
			told = nil
			if _, err := r.actor(t, "", heat(1)).Act(ctx, req); err != nil {
				t.Fatal(err)
			}
			last := told[len(told)-1]
			u, most := last.Usage, ceiling.Ceiling
			if u.MicroUSD == 0 || u.MicroUSD > most.MicroUSD || u.PromptTokens > most.PromptTokens || u.CompletionTokens > most.CompletionTokens || ceiling.Unpriced {
				t.Errorf("%d of %.20q: used %+v, reserved %+v", n, text, u, most)
			}
			if want := int64(float64(u.PromptTokens)*one + float64(u.CompletionTokens)*two + 0.999); u.MicroUSD != want {
				t.Errorf("%+v costs %d, want %d", u, u.MicroUSD, want)
			}
			if len(last.Nodes) != last.Request.N || last.Nodes[0].Content == "" {
				t.Errorf("listeners hear of %+v", last.Nodes)
			}
		}
	}
	other := newRig(t, fakeserver.Settings{}, quick)
	other.payer.Asked = func(c core.Purchase, _ []int) error { ceiling = c; return nil }
	if _, err := other.actor(t, "", heat(1)).Act(t.Context(), ask("x")); err != nil || !ceiling.Unpriced || ceiling.Ceiling.CompletionTokens != DefaultMaxTokens {
		t.Errorf("without a price: %+v, %v", ceiling, err)
	}
}
