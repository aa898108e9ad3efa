package embedded

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
)

func reads(t testing.TB, a *actor, r core.Reading, paths ...[]core.Node) []core.Observation {
	t.Helper()
	out, err := a.Read(t.Context(), paths, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A reading tells of the tokens that Score is about, and its texts make the
// answer, of whatever vocabulary.
func TestReadingsTellOfTheAnswer(t *testing.T) {
	for name, shape := range map[string]core.ModelShape{"bytes": tiny(1), "words": spaced("1", "2", "3", "q")} {
		e, _ := newEngine()
		a := seated(t, e, made(t, e, shape), core.Options{})
		nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("q")}, N: 1, Seed: 3, Options: core.Options{MaxTokens: 9}})
		if err != nil {
			t.Fatal(err)
		}
		paths := [][]core.Node{{user("q"), assistant("1 2 3")}, {user("q 2"), assistant("3")}, {user("q"), nodes[0]}}
		if name == "bytes" { // a turn of words begins with a space
			paths = append(paths, []core.Node{user("q"), assistant("")})
		}
		scores, err := a.Score(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		got := reads(t, a, core.Reading{
			Observe: core.Observe{Entropy: true, Full: true, Top: 1},
			Reduce:  func(logp []float32) float32 { return float32(len(logp)) },
		}, paths...)
		for i, o := range got {
			n := len(scores[i])
			if len(o.Raw) != n || len(o.Text) != n || len(o.Entropy) != n || len(o.Full) != n || len(o.Top) != n || len(o.Reduced) != n {
				t.Fatalf("%s, path %d: %d tokens are scored; read %+v", name, i, n, o)
			}
			for k := range n {
				if o.Raw[k] != scores[i][k] {
					t.Errorf("%s, path %d, token %d: %v, scored %v", name, i, k, o.Raw[k], scores[i][k])
				}
				if v := len(o.Full[k]); o.Reduced[k] != float32(v) || float64(o.Entropy[k]) > math.Log(float64(v))+1e-5 {
					t.Errorf("%s, path %d, token %d: %v of %d tokens, entropy %v", name, i, k, o.Reduced[k], v, o.Entropy[k])
				}
			}
			if text := strings.Join(o.Text, ""); !strings.HasPrefix(paths[i][1].Content, text) || i < 2 && text != paths[i][1].Content {
				t.Errorf("%s, path %d: its tokens make %q of %q", name, i, text, paths[i][1].Content)
			}
		}
	}
}

// A node after an attempt goes on where that ends: what it is given there is the
// attempt's probability with it, less that without.
func TestReadingsGoOn(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(2)), core.Options{})
	got := reads(t, a, core.Reading{}, []core.Node{user("q"), assistant("12"), assistant("ok")}, []core.Node{user("q"), assistant("12ok")})
	if !reflect.DeepEqual(got[0].Raw, got[1].Raw[2:]) {
		t.Errorf("after the attempt %v, within one turn %v", got[0].Raw, got[1].Raw)
	}
}

// Readings with dropout are those of one model for each seed, whatever the batch.
func TestReadingsWithDropout(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(2)), core.Options{})
	one, other := []core.Node{user("q"), assistant("12")}, []core.Node{user("what"), assistant("7")}
	r := core.Reading{Dropout: 0.5, Seed: 4}
	both := reads(t, a, r, one, other)
	if !reflect.DeepEqual(reads(t, a, r, other)[0], both[1]) {
		t.Error("a path reads otherwise beside another")
	}
	if reflect.DeepEqual(reads(t, a, core.Reading{}, one)[0].Raw, both[0].Raw) {
		t.Error("dropout changes nothing")
	}
	long := []core.Node{user("q"), assistant(strings.Repeat("x", 100))}
	_, err := a.Read(t.Context(), [][]core.Node{one, long}, r)
	if tooLong := (*core.TooLongError)(nil); !errors.As(err, &tooLong) {
		t.Errorf("a long text: %v", err)
	}
}
