package verifier

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
)

var (
	sharp   = []float64{1.0 / 2, 1.0 / 4, 1.0 / 8, 1.0 / 8}
	uniform = []float64{0.25, 0.25, 0.25, 0.25}
	certain = []float64{1, 0, 0, 0}
)

// pieces reads attempts as words, each with the space before it; those that hold
// an s stand in sharp distributions, others in uniform ones.
func pieces() *coretest.Reader {
	return &coretest.Reader{Tokens: func(path []core.Node, _ core.Reading) ([]coretest.Token, error) {
		var all []coretest.Token
		for _, w := range strings.SplitAfter(path[len(path)-1].Content, " ") {
			if w != "" {
				t := coretest.Token{Text: w, Probs: uniform}
				if strings.Contains(w, "s") {
					t.Probs = sharp
				}
				all = append(all, t)
			}
		}
		return all, nil
	}}
}

func TestTokenSignals(t *testing.T) {
	h := coretest.NewHost(pieces())
	ep := coretest.Episode(coretest.Task("t", "q", ""), "s", "s 4", "4", "", "is s s: #### 7 ")
	half := math.Ln2 / 4 // -1/4 (ln 2 + ln 1 + ln 1/2 + ln 1/2) of the sharp one
	for name, c := range map[string]struct {
		v    func() (core.Verifier, error)
		want [5]float64 // NaN abstains
	}{
		"self_certainty": {func() (core.Verifier, error) { return newSelfCertainty(t.Context(), h, SelfCertaintyConfig{}) },
			[5]float64{half, half / 2, 0, math.NaN(), half * 3 / 5}},
		// The sharp one has 7/4 bits, the uniform one 2.
		"token_entropy": {func() (core.Verifier, error) { return newTokenEntropy(t.Context(), h, TokenEntropyConfig{}) },
			[5]float64{math.Exp2(-1.75), math.Exp2(-1.875), math.Exp2(-2), math.NaN(), math.Exp2(-(3*1.75 + 2*2) / 5)}},
		"token_entropy of the answer": {func() (core.Verifier, error) {
			return newTokenEntropy(t.Context(), h, TokenEntropyConfig{Over: "answer"})
		}, [5]float64{math.Exp2(-1.75), math.Exp2(-2), math.Exp2(-2), math.NaN(), math.Exp2(-2)}},
		"token_margin": {func() (core.Verifier, error) { return newTokenMargin(t.Context(), h, TokenMarginConfig{}) },
			[5]float64{0.25, 0.125, 0, math.NaN(), 0.15}},
		"answer_confidence": {func() (core.Verifier, error) {
			return newAnswerConfidence(t.Context(), h, AnswerConfidenceConfig{Extract: Extract{From: "text"}})
		}, [5]float64{0.25, 0.125, 0, math.NaN(), 0.15}},
	} {
		v, err := c.v()
		for i, s := range judgedBy(t, v, err, ep).Scores {
			if math.IsNaN(c.want[i]) {
				if !s.Abstain {
					t.Errorf("%s, attempt %d: %+v", name, i, s)
				}
				continue
			}
			closeTo(t, name+" of "+ep.Nodes[i+1].Content, s.Value, c.want[i])
		}
	}
}

// A distribution that rules a token out has no finite divergence from uniform.
func TestSelfCertaintyIsFinite(t *testing.T) {
	h := coretest.NewHost(&coretest.Reader{Tokens: func([]core.Node, core.Reading) ([]coretest.Token, error) {
		return []coretest.Token{{Text: "7", Probs: certain}}, nil
	}})
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7")
	v, err := newSelfCertainty(t.Context(), h, SelfCertaintyConfig{})
	if s := judgedBy(t, v, err, ep).Scores[0]; !s.Abstain {
		t.Errorf("%+v", s)
	}
	v, err = newTokenMargin(t.Context(), h, TokenMarginConfig{})
	closeTo(t, "a certain token leads by", judgedBy(t, v, err, ep).Scores[0].Value, 1)
}

// A model that does not show its distributions cannot be read.
func TestTokenSignalsNeedAReader(t *testing.T) {
	v, err := newTokenMargin(t.Context(), coretest.NewHost(coretest.Samples("")), TokenMarginConfig{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "7"), "7"), nil)
	if err == nil || !strings.Contains(err.Error(), "does not show its distributions") {
		t.Errorf("%v", err)
	}
}

func TestAnswerSpans(t *testing.T) {
	for _, c := range []struct{ from, text, want string }{
		{"auto", "7 and 7 is 14\n#### 7", "-7"}, // the last 7, not the first ones
		{"auto", "#### 7\nnot 17 or 7", "#### -7"},
		{"auto", "I count 12. \\boxed{12} of 12", "boxed{-12"},
		{"auto", "The answer is 12, not 120", "is -12"},
		{"auto", "12 + 1 = 13", "= -13"},
		{"number", "a 5 b 15", "b -15"},
		{"line", "yes\nno\nyes", "no\n-yes"},
		{"text", " all of it ", "-all of it"},
		{"choice", "A is wrong. The answer is (B). B!", "(-B"},
		{"hashes", "none", ""},
		{"hashes", "#### ", ""},
		{"text", "??", "-??"},
	} {
		e := Extract{From: c.from}
		from, to := e.span(c.text)
		before, answer, found := strings.Cut(c.want, "-")
		if !found {
			if from != to {
				t.Errorf("%s of %q: %q", c.from, c.text, c.text[from:to])
			}
			continue
		}
		if c.text[from:to] != answer || !strings.HasSuffix(strings.TrimPrefix(c.text[:from], " "), before) {
			t.Errorf("%s of %q: %q after %q, want %q", c.from, c.text, c.text[from:to], c.text[:from], c.want)
		}
	}
}

// Whatever the tokens, those of the answer hold it, and without the first or the
// last of them they do not.
func TestAnswerTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answer := rapid.StringMatching(`[0-9é]{1,5}`).Draw(t, "answer")
		text := rapid.StringMatching(`[a-c0-9é ]{0,12}`).Draw(t, "before") + "#### " + answer + rapid.StringMatching(`(\n[a-c0-9 ]{0,9})?`).Draw(t, "after")
		// Cut between bytes: what ends within a character completes none of it.
		var list []string
		done := 0
		for at := 1; at <= len(text); at++ {
			if at == len(text) || rapid.Bool().Draw(t, "cut") {
				end := at
				for end > done && end < len(text) && !utf8.RuneStart(text[end]) {
					end--
				}
				list = append(list, text[done:end])
				done = end
			}
		}
		e := Extract{From: "hashes"}
		lo, hi := answerTokens(e, list)
		held := strings.Join(list[lo:hi], "")
		if !strings.Contains(held, answer) {
			t.Fatalf("tokens %q of %q hold no %q", held, list, answer)
		}
		from, to := e.span(text)
		if text[from:to] != answer {
			t.Fatalf("span %q, want %q", text[from:to], answer)
		}
		if before := len(strings.Join(list[:hi-1], "")); before >= to {
			t.Fatalf("token %d of %q begins behind the answer", hi-1, list)
		}
		for lo < hi && list[lo] == "" { // it begins a character of the answer
			lo++
		}
		if after := len(strings.Join(list[:lo+1], "")); after <= from {
			t.Fatalf("token %d of %q ends before the answer", lo, list)
		}
	})
	if lo, hi := answerTokens(Extract{From: "hashes"}, []string{"no", " answer"}); lo != hi {
		t.Errorf("%d to %d", lo, hi)
	}
}
