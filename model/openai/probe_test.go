package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"pawl/model/openai/fakeserver"
)

func TestProbes(t *testing.T) {
	calls := json.RawMessage(`[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]`)
	able := func(a fakeserver.Asked, i int) fakeserver.Answer {
		switch {
		case len(a.Tools) > 0:
			return fakeserver.Answer{ToolCalls: calls}
		case len(a.Format) > 0:
			return fakeserver.Answer{Text: `{"ok":true}`}
		}
		x := fakeserver.Echo(a, i)
		x.Reasoning = "hm"
		return x
	}
	lack := func(how fakeserver.Lack) map[string]fakeserver.Lack {
		m := map[string]fakeserver.Lack{}
		for _, f := range []string{"n", "seed", "logprobs", "return_token_ids", "prompt_logprobs", "echo", "tools", "response_format", "stream", "stream_options"} {
			m[f] = how
		}
		return m
	}
	all := []string{"several alternatives (n)", "seeds", "log-probabilities", "likeliest alternatives", "token ids", "log-probabilities of a given text", "tools", "answers by a JSON schema", "streaming"}
	for _, c := range []struct {
		name, path string
		set        fakeserver.Settings
		want       map[string]string // beside
		rest       string
	}{
		{"able", "", fakeserver.Settings{OwnedBy: "vllm", Reply: able}, map[string]string{"reasoning": Has, "usage": Has, "usage of streams": Has, "system turns": Has, "regex": Has}, Has},
		{"refuses", "", fakeserver.Settings{OwnedBy: "vllm", Reply: able, Lacks: lack(fakeserver.Refuses)}, map[string]string{"usage": Has, "regex": Has}, Lacks},
		{"passes over", "", fakeserver.Settings{OwnedBy: "ollama", Lacks: lack(fakeserver.Ignores)},
			map[string]string{"seeds": Unclear, "regex": Lacks, "reasoning": Unclear, "log-probabilities of a given text": Lacks}, Passes},
		{"plain", "/completions", fakeserver.Settings{Reply: able},
			map[string]string{"tools": Lacks, "system turns": Lacks, "min_p": Lacks, "reasoning": Unclear}, Has},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.set, quick)
			m, err := r.provider.Resolve(t.Context(), "fake", r.Base()+c.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.provider.Probe(t.Context(), m)
			if err != nil || !got.Answers || got.Calls < 10 || got.Tokens == 0 {
				t.Fatalf("%+v, %v", got, err)
			}
			states := map[string]string{}
			for _, a := range got.Abilities {
				if _, twice := states[a.Name]; twice {
					t.Errorf("%s stands twice", a.Name)
				}
				states[a.Name] = a.State
			}
			for _, name := range all {
				if _, special := c.want[name]; !special && states[name] != c.rest {
					t.Errorf("%s: %q, want %q", name, states[name], c.rest)
				}
			}
			for name, want := range c.want {
				if states[name] != want {
					t.Errorf("%s: %q, want %q", name, states[name], want)
				}
			}
		})
	}
	r := newRig(t, fakeserver.Settings{Key: "sk-x"}, quick)
	m, err := r.provider.Resolve(t.Context(), "fake", r.Base())
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.provider.Probe(t.Context(), m)
	if err != nil || got.Answers || len(got.Abilities) != 2 || !strings.Contains(got.Abilities[1].Detail, "401") {
		t.Errorf("without a key: %+v, %v", got, err)
	}
}
