package verifier

import (
	"context"
	"encoding/json"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// calling are attempts with the given data, and no text.
func calling(schema string, data ...string) *core.Episode {
	t := coretest.Task("t", "Weather in Rome and Oslo?", "")
	t.Options.Schema = json.RawMessage(schema)
	ep := core.NewEpisode(t, 1)
	for _, d := range data {
		n := core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant}
		if json.Valid([]byte(d)) && d[0] == '{' && schema == "" {
			n.Data = json.RawMessage(d)
		} else {
			n.Content = d
		}
		ep.Append(n)
	}
	return ep
}

func callJSON(pairs ...string) string {
	type function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	}
	type one struct {
		ID       string   `json:"id"`
		Function function `json:"function"`
	}
	var list []one
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, one{pairs[i] + pairs[i+1], function{pairs[i], pairs[i+1]}})
	}
	b, _ := json.Marshal(map[string]any{"tool_calls": list})
	return string(b)
}

// Attempts that call the same tools with the same arguments agree, however they are
// spelt and in whatever order they call.
func TestVotesOfToolCalls(t *testing.T) {
	rome, oslo := `{"city":"Rome","days":2}`, `{"city":"Oslo"}`
	for _, c := range []struct {
		name     string
		attempts []string
		want     []float64
	}{
		{"keys in another order, a number spelt otherwise", []string{callJSON("weather", rome), callJSON("weather", `{ "days": 2.0, "city": "Rome" }`), callJSON("weather", oslo)}, []float64{2. / 3, 2. / 3, 0}},
		{"parallel calls in another order", []string{callJSON("weather", rome, "weather", oslo), callJSON("weather", oslo, "weather", rome), callJSON("weather", oslo)}, []float64{2. / 3, 2. / 3, 0}},
		{"another tool", []string{callJSON("weather", oslo), callJSON("forecast", oslo), callJSON("weather", oslo)}, []float64{2. / 3, 0, 2. / 3}},
		{"twice is not once", []string{callJSON("weather", oslo, "weather", oslo), callJSON("weather", oslo), callJSON("weather", oslo)}, []float64{0, 2. / 3, 2. / 3}},
		{"arguments that are no JSON are compared as text", []string{callJSON("weather", "Oslo"), callJSON("weather", " Oslo "), callJSON("weather", "oslo")}, []float64{2. / 3, 2. / 3, 0}},
	} {
		j, err := majorityVote{}.Verify(context.Background(), calling("", c.attempts...), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, s := range j.Scores {
			if s.Abstain || s.Value != c.want[i] {
				t.Errorf("%s: attempt %d has %v (abstains: %v), want %v", c.name, i+1, s.Value, s.Abstain, c.want[i])
			}
		}
	}
}

// An answer that is to be JSON votes as a whole, not by the last number in it.
func TestVotesOfJSON(t *testing.T) {
	ep := calling(`{"type":"object"}`, `{"a": 1, "b": 2}`, `{"b":2,"a":1.0}`, `{"a":7,"b":2}`)
	j, err := majorityVote{}.Verify(context.Background(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{2. / 3, 2. / 3, 0} {
		if j.Scores[i].Value != want {
			t.Errorf("attempt %d has %v, want %v", i+1, j.Scores[i].Value, want)
		}
	}
}

// A judge reads which tools are called.
func TestAttemptSpellsCalls(t *testing.T) {
	ep := calling("", callJSON("weather", `{"city":"Oslo"}`))
	if got, want := attempt(ep, ep.Leaves()[0]), `weather({"city":"Oslo"})`; got != want {
		t.Errorf("the attempt reads %q, want %q", got, want)
	}
}

func FuzzToolCalls(f *testing.F) {
	f.Add([]byte(callJSON("weather", `{"a":[1,2.0,{"b":null}]}`)))
	f.Add([]byte(`{"tool_calls":[{"function":{"name":"x","arguments":{"y":1e400}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one := toolCalls(core.Node{Data: data})
		if again := toolCalls(core.Node{Data: data}); len(one) != len(again) {
			t.Errorf("%q: %d calls, then %d", data, len(one), len(again))
		}
		if c, ok := canonicalJSON(data); ok {
			if twice, again := canonicalJSON([]byte(c)); !again || twice != c {
				t.Errorf("%q: canonical form %q becomes %q", data, c, twice)
			}
		}
	})
}
