package nn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStopMatcher(t *testing.T) {
	// In pieces, a stop is found in the piece that completes it.
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.StringMatching(`[ab]{0,12}`)
		stops := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,4}`), 0, 3).Draw(t, "stops")
		m, text := NewStopMatcher(stops), ""
		for range 6 {
			s := letters.Draw(t, "piece")
			text += s
			_, want := CutAtStop(text, stops)
			if got := m.Write(s); got != want {
				t.Fatalf("%q, stops %q: %v, want %v", text, stops, got, want)
			}
			if want {
				return
			}
		}
	})
	for _, c := range []struct {
		text  string
		stops []string
		want  string
		found bool
	}{
		{"abc", nil, "abc", false},
		{"abc", []string{""}, "abc", false},
		{"a<END>b", []string{"b", "<END>"}, "a", true},
		{"abc", []string{"bc", "abc"}, "", true},
	} {
		if got, found := CutAtStop(c.text, c.stops); got != c.want || found != c.found {
			t.Errorf("%q at %q: %q, %v", c.text, c.stops, got, found)
		}
	}
}

// A sample with stop strings is the same sample without, ended where one of
// them first stands in the text: tokens and log-probabilities are a prefix.
func TestStopStringsEndSamples(t *testing.T) {
	tok, err := NewWords("a", "b", "ab", "ba", "bab", "c")
	if err != nil {
		t.Fatal(err)
	}
	m := lively(t, wide(tok.Size()), 6)
	stops := []string{"bba", "abc"}
	p := Prompt{Tokens: []int32{1}, N: 60, Temperature: 1.5, MaxTokens: 20}
	stopped := p
	stopped.Watch = StopText(tok, stops)
	out := generate(t, NewSampler(m, SamplerOptions{}), p, stopped)
	ended, across := 0, 0
	for i, c := range out[1] {
		whole := out[0][i]
		n := len(c.Tokens)
		for k := range n {
			if c.Tokens[k] != whole.Tokens[k] || c.Logprobs[k] != whole.Logprobs[k] || c.Raw[k] != whole.Raw[k] {
				t.Fatalf("sample %d is another at token %d", i, k)
			}
		}
		text := tok.Decode(c.Tokens)
		before := tok.Decode(c.Tokens[:n-1])
		_, found := CutAtStop(text, stops)
		_, early := CutAtStop(before, stops)
		if early || found != (c.Finish == FinishStop) || !found && n != len(whole.Tokens) {
			t.Errorf("sample %d: %q, %v (the token before: %v)", i, text, c.Finish, early)
		}
		if found {
			ended++
			if !strings.Contains(tok.Token(c.Tokens[n-1]), "bba") {
				across++
			}
		}
	}
	if ended < 5 || across == 0 {
		t.Errorf("%d samples were stopped, %d across tokens: the test shows nothing", ended, across)
	}
}
