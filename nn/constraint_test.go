package nn

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pawl/nn/constraint"

	"pgregory.net/rapid"
)

// Completions that stop match, for random expressions and prompts; they are
// drawn from the model's distribution over what is allowed.
func TestConstrainedCompletionsMatch(t *testing.T) {
	spaced, err := NewSpacedWords("a", "b", "yes", "no")
	if err != nil {
		t.Fatal(err)
	}
	type world struct {
		tok   *Tokenizer
		v     *constraint.Vocabulary
		s     *Sampler
		parts []string
	}
	var worlds []world
	for _, w := range []world{
		{tok: NewBytes(), parts: []string{"a", "(?:b|é)", "[x-z]{2}", `\d+`, "(?:q|w)*", "."}},
		{tok: spaced, parts: []string{"a", " b", "(?: yes| no)", "(?: a)*", "b", "(?: b| no){1,3}"}},
	} {
		w.v, w.s = NewVocabulary(w.tok), NewSampler(lively(t, wide(w.tok.Size()), 6), SamplerOptions{})
		worlds = append(worlds, w)
	}
	stopped, checked := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		w := worlds[rapid.IntRange(0, 1).Draw(rt, "tokenizer")]
		expr := strings.Join(rapid.SliceOfN(rapid.SampledFrom(w.parts), 1, 4).Draw(rt, "parts"), "")
		g, err := constraint.Regexp(expr)
		if err != nil {
			rt.Fatal(err)
		}
		c, err := constraint.New(g, w.v)
		if err != nil {
			return // a first word with a space before it, which decoding would drop
		}
		p := Prompt{Tokens: []int32{w.tok.BOS()}, N: 4, Temperature: rapid.SampledFrom([]float64{0, 1, 2}).Draw(rt, "temperature"),
			TopK: rapid.SampledFrom([]int{0, 2}).Draw(rt, "top-k"), Constraint: c, MaxTokens: 16}
		if rapid.Bool().Draw(rt, "stop token") {
			p.Stop = []int32{w.tok.EOS()}
		}
		for _, done := range generate(t, w.s, p)[0] {
			checked++
			text := w.tok.Decode(done.Tokens)
			if done.Finish == FinishStop {
				stopped++
				if !g.Match(text) || !regexp.MustCompile("^(?:"+expr+")$").MatchString(text) {
					rt.Fatalf("%q does not match %q (tokens %v)", text, expr, done.Tokens)
				}
			}
			for i := range done.Tokens {
				if done.Logprobs[i] < done.Raw[i]-1e-4 && p.Temperature == 1 {
					rt.Fatalf("a token is less likely, %v, than without the constraint, %v", done.Logprobs[i], done.Raw[i])
				}
			}
		}
	})
	if stopped*10 < checked {
		t.Errorf("only %d of %d completions stopped", stopped, checked)
	}
}

func TestConstraintIsRenormalised(t *testing.T) {
	tok := NewBytes()
	m := lively(t, wide(tok.Size()), 6)
	g, err := constraint.Regexp("[abc]x")
	if err != nil {
		t.Fatal(err)
	}
	c, err := constraint.New(g, NewVocabulary(tok))
	if err != nil {
		t.Fatal(err)
	}
	p := Prompt{Tokens: []int32{1}, N: 50, Temperature: 1, Constraint: c, Stop: []int32{2}, Want: Want{Full: true}}
	seen := map[int32]bool{}
	for _, done := range generate(t, NewSampler(m, SamplerOptions{}), p)[0] {
		id, all := done.Tokens[0], 0.0
		seen[id] = true
		for _, b := range "abc" {
			all += math.Exp(float64(done.Full[0][3+b]))
		}
		if want := float64(done.Raw[0]) - math.Log(all); math.Abs(float64(done.Logprobs[0])-want) > 1e-4 {
			t.Errorf("token %d: log-probability %v, want %v", id, done.Logprobs[0], want)
		}
		if want := []int32{id, 3 + 'x', 2}; !slices.Equal(done.Tokens, want) || done.Logprobs[1] != 0 || done.Logprobs[2] != 0 {
			t.Errorf("tokens %v, want %v; log-probabilities %v", done.Tokens, want, done.Logprobs)
		}
	}
	if len(seen) < 2 {
		t.Error("one token only is drawn")
	}
	// What leaves nothing is an error, not a text that does not match.
	p.Bias = map[int32]float32{3 + 'x': float32(math.Inf(-1))}
	_, err = NewSampler(m, SamplerOptions{}).Generate(t.Context(), []Prompt{p}, nil)
	if err == nil || !strings.Contains(err.Error(), "after 1 tokens none can follow") {
		t.Errorf("error %v", err)
	}
}

// A constraint that becomes too much work ends the call with an error, though a
// stop token might follow.
func TestConstraintsThatExplode(t *testing.T) {
	tok := NewBytes()
	g, err := constraint.Parse(`root ::= "a" root "b" | "a" root "c" | ""`)
	if err != nil {
		t.Fatal(err)
	}
	c, err := constraint.New(g, NewVocabulary(tok))
	if err != nil {
		t.Fatal(err)
	}
	p := Prompt{Tokens: []int32{1}, N: 1, Constraint: c, Stop: []int32{2}, Bias: map[int32]float32{3 + 'a': 100}}
	_, err = NewSampler(lively(t, wide(tok.Size()), 6), SamplerOptions{}).Generate(t.Context(), []Prompt{p}, nil)
	if !errors.Is(err, constraint.ErrTooAmbiguous) || !strings.Contains(err.Error(), "prompt 0, sample 0: after") {
		t.Errorf("error %v", err)
	}
}
