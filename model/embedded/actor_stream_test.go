package embedded

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"pawl/core"
)

// What is told piece by piece is what Act gives whole: every piece of valid text
// stays as it was said, whatever bytes the tokens are.
func TestStreamSaysWhatActGives(t *testing.T) {
	defer goleak.VerifyNone(t)
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(3)), core.Options{MaxTokens: 24})
	rapid.Check(t, func(t *rapid.T) {
		o := core.Options{
			Logprobs: rapid.Bool().Draw(t, "logprobs"), TopLogprobs: rapid.SampledFrom([]int{0, 3}).Draw(t, "top"),
			Stop: rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab\n \u00e9")), 1, 3, -1), 0, 2).Draw(t, "stop"),
		}
		r := core.Request{Path: []core.Node{user("hello")}, N: 1, First: rapid.IntRange(0, 3).Draw(t, "first"), Seed: rapid.Uint64Range(0, 40).Draw(t, "seed"), Options: o}
		whole, err := a.Act(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		var tokens []core.Token
		node, err := a.Stream(t.Context(), r, func(d core.Delta) error {
			text.WriteString(d.Content)
			tokens = append(tokens, d.Tokens...)
			if len(d.Logprobs) != len(d.Tokens) {
				t.Errorf("%d log-probs of %d tokens", len(d.Logprobs), len(d.Tokens))
			}
			return nil
		})
		if err != nil || !reflect.DeepEqual(node, whole[0]) {
			t.Fatalf("streamed %+v (%v), acted %+v", node, err, whole[0])
		}
		if text.String() != node.Content {
			t.Fatalf("the pieces say %q, the node %q", text.String(), node.Content)
		}
		if !o.Logprobs && o.TopLogprobs == 0 {
			if tokens != nil {
				t.Errorf("%d tokens are told, and nobody asked", len(tokens))
			}
			return
		}
		want, err := a.Tell(t.Context(), []core.Node{user("hello"), node}, o.TopLogprobs)
		if err != nil || len(want) != len(tokens) {
			t.Fatalf("%d tokens as they came, %d read afterwards (%v)", len(tokens), len(want), err)
		}
		for i := range want {
			if tokens[i].Text != want[i].Text || math.Abs(float64(tokens[i].Logprob-want[i].Logprob)) > 1e-4 || len(tokens[i].Top) != o.TopLogprobs || len(want[i].Top) != o.TopLogprobs {
				t.Errorf("token %d is %+v as it came, %+v read afterwards", i, tokens[i], want[i])
			}
			if o.TopLogprobs > 0 && (tokens[i].Top[0].Logprob < tokens[i].Top[2].Logprob || tokens[i].Top[0].Logprob < tokens[i].Logprob) {
				t.Errorf("the alternatives of token %d: %+v", i, tokens[i])
			}
		}
	})
}

// No piece ends within a character, and none says what a stop string cuts.
func TestPiecesAreWhole(t *testing.T) {
	h := &holding{stops: []string{"\n\n", "END"}}
	var got []string
	for _, s := range []string{"a", "E", "N", "x", "\n", "b", "EN", "D", "after"} {
		got = append(got, h.write(s))
	}
	if want := []string{"a", "", "", "ENx", "", "\nb", "", "", ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("the pieces are %q, want %q", got, want)
	}
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(5)), core.Options{MaxTokens: 60})
	for seed := range uint64(20) {
		var pieces []string
		if _, err := a.Stream(t.Context(), core.Request{Path: []core.Node{user("x")}, N: 1, Seed: seed}, func(d core.Delta) error {
			pieces = append(pieces, d.Content)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, p := range pieces {
			if !utf8.ValidString(p) {
				t.Errorf("seed %d: the piece %q ends within a character", seed, p)
			}
		}
	}
}

// A sink that fails ends the call with its error, and a context that ends does, too.
func TestStreamEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(3)), core.Options{MaxTokens: 100})
	full := errors.New("the client is gone")
	r := core.Request{Path: []core.Node{user("hello")}, N: 1, Seed: 2, Options: core.Options{Logprobs: true}}
	told := 0
	_, err := a.Stream(t.Context(), r, func(core.Delta) error { told++; return full })
	if !errors.Is(err, full) || told != 1 {
		t.Errorf("a sink that fails: %v after %d pieces", err, told)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.Options.MaxTokens = 0
	if _, err := a.Stream(ctx, r, func(core.Delta) error { cancel(); return nil }); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends: %v", err)
	}
	r.N = 2
	if _, err := a.Stream(t.Context(), r, func(core.Delta) error { return nil }); err == nil {
		t.Error("two samples are told as one")
	}
}

// wallet pays until its tokens are spent.
type wallet struct {
	mu         sync.Mutex
	left, held int64
}

func (w *wallet) Reserve(c core.Usage) (func(core.Usage), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Tokens() > w.left-w.held {
		return nil, core.ErrSpent
	}
	w.held += c.Tokens()
	return func(used core.Usage) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.held -= c.Tokens()
		w.left -= used.Tokens()
	}, nil
}

func (w *wallet) Left() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left - w.held
}

// Calls are told of with what they cost, to the token, and a purse pays for as many
// samples as it can.
func TestAccounts(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(3)), core.Options{MaxTokens: 10})
	path := []core.Node{user("hello")} // 7 tokens: the begin token, 5 bytes, the end of the line
	const prompt = 7
	for _, c := range []struct {
		name          string
		purse         int64 // 0 for none
		n, samples    int
		most          int64
		spent, refuse bool
	}{
		{"no purse", 0, 4, 4, prompt + 40, false, false},
		{"enough", prompt + 40, 4, 4, prompt + 40, false, false},
		{"enough for two of four", prompt + 29, 4, 2, prompt + 20, true, false},
		{"enough for a part of one", prompt + 6, 4, 1, prompt + 6, true, false},
		{"not enough for the prompt", prompt, 4, 0, 0, true, true},
	} {
		var told []core.CallRecord
		ctx := core.WithCalls(t.Context(), func(r core.CallRecord) { told = append(told, r) })
		w := &wallet{left: c.purse}
		if c.purse > 0 {
			ctx = core.WithPurse(ctx, w)
		}
		nodes, err := a.Act(ctx, core.Request{Path: path, N: c.n, Seed: 1})
		if errors.Is(err, core.ErrSpent) != c.spent || !c.spent && (err != nil || len(nodes) != c.n) {
			t.Errorf("%s: %d nodes, %v", c.name, len(nodes), err)
		}
		if len(told) != 1 {
			t.Fatalf("%s: %d calls are told of", c.name, len(told))
		}
		r := told[0]
		drawn := int64(0)
		for _, n := range r.Nodes {
			drawn += int64(len(n.TokenIDs))
		}
		if len(r.Nodes) != c.samples || r.Usage.CompletionTokens != drawn || r.Usage.Tokens() > c.most || (r.Err != "") != c.spent || c.samples > 0 && r.Usage.PromptTokens != prompt {
			t.Errorf("%s: %d samples, usage %+v of %d drawn: %s", c.name, len(r.Nodes), r.Usage, drawn, r.Err)
		}
		if c.purse > 0 && (w.held != 0 || c.purse-w.left != r.Usage.Tokens()) {
			t.Errorf("%s: the purse holds %d and paid %d, the call cost %d", c.name, w.held, c.purse-w.left, r.Usage.Tokens())
		}
	}
	// What was drawn by a call that is cancelled is paid for, too.
	var told []core.CallRecord
	ctx, cancel := context.WithCancel(core.WithCalls(t.Context(), func(r core.CallRecord) { told = append(told, r) }))
	_, err := a.Stream(ctx, core.Request{Path: path, N: 1, Seed: 1, Options: core.Options{Logprobs: true, MaxTokens: 200}}, func(core.Delta) error { cancel(); return nil })
	if len(told) != 1 || told[0].Usage.CompletionTokens == 0 || (err != nil) != (told[0].Err != "") {
		t.Errorf("a call that was cancelled: %v, %+v", err, told)
	}
}

// Fields that only other servers know are refused by name.
func TestRefusesForeignFields(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(3)), core.Options{})
	_, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("x")}, N: 1, Options: core.Options{Extra: []byte(`{"reasoning_effort":"high"}`)}})
	if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) || !strings.Contains(err.Error(), "reasoning_effort") {
		t.Errorf("a field of others: %v", err)
	}
}
