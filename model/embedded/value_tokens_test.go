package embedded

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
)

// What the tokens of a last turn complete is its text, whatever the template, and
// the ids are those of EncodePath.
func TestSpelledPathsAreEncodedPaths(t *testing.T) {
	for name, c := range map[string]struct {
		text  *text
		words string
	}{"bytes": {byteText(t), "abcab"}, "words": {wordText(t), "3 1 2"}} {
		text, w := c.text, c.words
		for _, path := range [][]core.Node{
			{user(w), assistant(w)}, {user(w), assistant(w[:1]), user(w[:1]), assistant(w)}, {user(w), assistant("")}, {user(w)},
		} {
			ids, loss, err := text.EncodePath(path)
			if err != nil {
				t.Fatal(err)
			}
			same, also, spelt, err := text.SpellPath(path)
			if err != nil || !reflect.DeepEqual(same, ids) || !reflect.DeepEqual(also, loss) {
				t.Fatalf("%s: %v is spelt as %v, encoded as %v (%v)", name, path, same, ids, err)
			}
			last := path[len(path)-1]
			want := ""
			if last.Role == core.RoleAssistant {
				want = last.Content
			}
			if got := strings.Join(spelt, ""); got != want {
				t.Errorf("%s: %q is spelt %q", name, want, spelt)
			}
			for k := range spelt {
				if at := len(ids) - len(spelt) + k; !loss[at] {
					t.Errorf("%s: token %d of %v is no answer's", name, at, ids)
				}
			}
		}
	}
}

// The value of a text so far does not depend on what comes after it, and the last
// is that of the whole.
func TestActorTokenValues(t *testing.T) {
	e, _ := newEngine()
	q, _ := fitted(t, e, made(t, e, tiny(1)))
	a := seated(t, e, q, core.Options{})
	paths := [][]core.Node{{user("q"), assistant("aab")}, {user("q"), assistant("aac")}, {user("abc"), assistant("")}}
	all, err := a.TokenValues(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := a.Values(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range all {
		if len(v.Values) != len(v.Text) || strings.Join(v.Text, "") != paths[i][1].Content {
			t.Fatalf("%q is spelt %q, with %d values", paths[i][1].Content, v.Text, len(v.Values))
		}
		if n := len(v.Values); n > 0 && v.Values[n-1] != ends[i] {
			t.Errorf("path %d ends at %v, and is worth %v", i, v.Values[n-1], ends[i])
		}
	}
	x, y := all[0].Values, all[1].Values
	if x[0] != y[0] || x[1] != y[1] || math.Abs(x[2]-y[2]) < 1e-9 {
		t.Errorf("aab is worth %v, aac %v", x, y)
	}
	bare := seated(t, e, made(t, e, tiny(1)), core.Options{})
	if _, err := bare.TokenValues(t.Context(), paths); err == nil || !strings.Contains(err.Error(), "no reward head") {
		t.Errorf("without a head: %v", err)
	}
}

// Log-probs and values of one pass are those of two, and the gradient of both is
// the sum of the gradients of each.
func TestLogprobsBesideValues(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	step := func(lm, head float32) []float32 {
		tr := trainerOf(t, e, p)
		if err := tr.AddHead(t.Context(), core.PartRewardHead, false); err != nil {
			t.Fatal(err)
		}
		b := valued([][]int32{spell("^abc$"), spell("^ba$")})
		if err := tr.LogprobsValues(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		both := [][]float32{append([]float32{}, b.Logprobs[0]...), append([]float32{}, b.Values[0]...)}
		if err := tr.Logprobs(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		alone := append([]float32{}, b.Logprobs[0]...)
		if err := tr.Values(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(both, [][]float32{alone, b.Values[0]}) {
			t.Errorf("in one pass %v, in two %v and %v", both, alone, b.Values[0])
		}
		if err := tr.LogprobsValues(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Grad {
			for k := range b.Grad[i] {
				b.Grad[i][k] = lm * b.Weights[i][k]
			}
			b.ValueGrad[i][len(b.Tokens[i])] = head
		}
		if err := tr.BackwardValues(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		// A head of zeros moves by its gradient; so does the trunk, by that of lm.
		if err := tr.Step(t.Context(), core.StepOptions{Rate: 0.1, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e3}); err != nil {
			t.Fatal(err)
		}
		after := valued([][]int32{spell("^abc$")})
		if err := tr.LogprobsValues(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		return append(append([]float32{}, after.Logprobs[0][1:]...), after.Values[0][len(after.Tokens[0])])
	}
	none, lm, head, both := step(0, 0), step(-1, 0), step(0, -1), step(-1, -1)
	n := len(none) - 1
	if none[n] != 0 || lm[n] != 0 || head[n] == 0 || lm[0] == none[0] {
		t.Errorf("nothing gives %v, lm %v, the head %v", none, lm, head)
	}
	if both[n] == 0 || math.Abs(float64(both[0]-lm[0])) > 1e-4 {
		t.Errorf("together they give %v, alone %v and %v", both, lm, head)
	}
}

// A finished turn that comes as text is scored with its end, as its own ids are.
func TestFinishedTurnsAreScoredWithTheirEnd(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(1)), core.Options{})
	open, closed := assistant("ab"), assistant("ab")
	closed.Finish = finished
	all, err := a.Score(t.Context(), [][]core.Node{{user("q"), open}, {user("q"), closed}, {user("q"), sampled("ab", spell("ab$")...)}})
	if err != nil || len(all[0]) != 2 || len(all[1]) != 3 || !reflect.DeepEqual(all[1], all[2]) || !reflect.DeepEqual(all[1][:2], all[0]) {
		t.Errorf("%v (%v)", all, err)
	}
}
