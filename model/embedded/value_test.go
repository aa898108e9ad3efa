package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"pawl/core"
	"pawl/objective"
)

// texts are random ones over a, b and c, with their number of a's.
func texts(seed uint64, n int) (ids [][]int32, as []int) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		var b strings.Builder
		for range 6 {
			b.WriteByte("abc"[r.IntN(3)])
		}
		ids = append(ids, spell("^"+b.String()))
		as = append(as, strings.Count(b.String(), "a"))
	}
	return ids, as
}

func valued(ids [][]int32) *core.Batch {
	b := batch(ids...)
	for _, s := range ids {
		b.Values, b.ValueGrad = append(b.Values, make([]float32, len(s)+1)), append(b.ValueGrad, make([]float32, len(s)+1))
	}
	return b
}

// A reward head learns from pairs which of two texts has more a's, and tells it
// of texts it has not seen, also when it is loaded again; a head on a frozen
// trunk learns less, and leaves the weights alone.
func TestRewardModel(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	right := func(tr *trainer) float64 {
		t.Helper()
		ids, as := texts(99, 200)
		b := valued(ids)
		if err := tr.Values(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		good, all := 0, 0
		for i := 0; i < len(ids); i += 2 {
			if as[i] != as[i+1] {
				all++
				if (as[i] > as[i+1]) == (b.Values[i][7] > b.Values[i+1][7]) {
					good++
				}
			}
		}
		return float64(good) / float64(all)
	}
	for _, alone := range []bool{false, true} {
		tr := trainerOf(t, e, p)
		if err := tr.AddHead(t.Context(), core.PartRewardHead, alone); err != nil {
			t.Fatal(err)
		}
		for step := range 120 {
			ids, as := texts(uint64(step), 32)
			b := valued(ids)
			if err := tr.Values(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(ids); i += 2 {
				better, worse := i, i+1
				if as[better] < as[worse] {
					better, worse = worse, better
				}
				if as[better] == as[worse] {
					continue
				}
				_, slope := objective.BradleyTerry(float64(b.Values[better][7]), float64(b.Values[worse][7]))
				b.ValueGrad[better][7], b.ValueGrad[worse][7] = float32(slope/16), float32(-slope/16)
			}
			if err := tr.BackwardValues(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if err := tr.Step(t.Context(), core.StepOptions{Rate: 0.01, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8, Clip: 1}); err != nil {
				t.Fatal(err)
			}
		}
		q, err := tr.Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if q[core.PartRewardHead] == "" || (q[core.PartWeights] == p[core.PartWeights]) != alone {
			t.Errorf("alone %v: %v becomes %v", alone, p, q)
		}
		again := trainerOf(t, e, q)
		if err := again.AddHead(t.Context(), core.PartRewardHead, true); err != nil {
			t.Fatal(err)
		}
		got, want := right(again), 0.9
		if alone {
			want = 0.6
		}
		if got < want || got != right(tr) {
			t.Errorf("alone %v: of pairs not seen, %v are right, %v before it was saved", alone, got, right(tr))
		}
	}
}

// A value head learns how many a's the text before has.
func TestValueModel(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	tr := trainerOf(t, e, p)
	if err := tr.AddHead(t.Context(), core.PartValueHead, false); err != nil {
		t.Fatal(err)
	}
	pass := func(seed uint64, learn bool) float64 {
		ids, _ := texts(seed, 32)
		b := valued(ids)
		if err := tr.Values(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0.0
		for i, s := range ids {
			a := spell("a")[0]
			seen := 0.0
			for j := 1; j < len(s); j++ {
				loss, slope := objective.SquaredError(float64(b.Values[i][j]), seen)
				sum, n = sum+loss, n+1
				b.ValueGrad[i][j] = float32(slope / 32)
				if s[j] == a {
					seen++
				}
			}
			if b.Values[i][0] != 0 || b.Values[i][len(s)] != 0 {
				t.Fatalf("a value head is asked for tokens alone, and gives %v", b.Values[i])
			}
		}
		if learn {
			if err := tr.BackwardValues(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if err := tr.Step(t.Context(), core.StepOptions{Rate: 0.01, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8, Clip: 1}); err != nil {
				t.Fatal(err)
			}
		}
		return sum / n
	}
	first := pass(1000, false)
	for step := range 150 {
		pass(uint64(step), true)
	}
	if last := pass(1000, false); !(last < first/10) {
		t.Errorf("the error of values went from %v to %v", first, last)
	}
	q, err := tr.Save(t.Context())
	if err != nil || q[core.PartValueHead] == "" {
		t.Fatalf("%v (%v)", q, err)
	}
	// Another training moves the trunk, and the head means nothing any more.
	other := trainerOf(t, e, q)
	stepFused(t, other, batch(spell("^abc$")))
	moved, err := other.Save(t.Context())
	if err != nil || moved[core.PartValueHead] != "" {
		t.Errorf("a head of other weights stays: %v (%v)", moved, err)
	}
	if err := trainerOf(t, e, q).AddHead(t.Context(), "prompt", true); err == nil || !strings.Contains(fmt.Sprint(err), "no part") {
		t.Errorf("a head called prompt: %v", err)
	}
}

// fitted is p with a reward head that has learnt a little.
func fitted(t *testing.T, e *Engine, p core.Policy) (core.Policy, *trainer) {
	t.Helper()
	tr := trainerOf(t, e, p)
	if err := tr.AddHead(t.Context(), core.PartRewardHead, true); err != nil {
		t.Fatal(err)
	}
	for step := range 3 {
		ids, as := texts(uint64(step), 8)
		b := valued(ids)
		if err := tr.Values(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i := range ids {
			b.ValueGrad[i][7] = b.Values[i][7] - float32(as[i])
		}
		if err := tr.BackwardValues(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := tr.Step(t.Context(), core.StepOptions{Rate: 0.1, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8}); err != nil {
			t.Fatal(err)
		}
	}
	q, err := tr.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q, tr
}

// An actor values a path as the trainer of its head values the encoded path,
// alone or among others, from several goroutines.
func TestActorValues(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	q, tr := fitted(t, e, p)
	paths := [][]core.Node{{user("q"), assistant("aab")}, {user("abc"), assistant("")}, {user("q"), sampled("ab", spell("ab")...)}}
	var ids [][]int32
	enc, err := e.Encoder(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		of, _, err := enc.EncodePath(path)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, of)
	}
	b := valued(ids)
	if err := tr.Values(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	a := seated(t, e, q, core.Options{})
	var wg sync.WaitGroup
	for k := range 6 {
		wg.Go(func() {
			some := paths[k%3:]
			got, err := a.Values(t.Context(), some)
			if err != nil {
				t.Error(err)
				return
			}
			for i, v := range got {
				of := k%3 + i
				if want := float64(b.Values[of][len(ids[of])]); v != want || v == 0 {
					t.Errorf("path %d is worth %v, of the trainer %v", of, v, want)
				}
			}
		})
	}
	wg.Wait()
	if _, err := a.Values(t.Context(), [][]core.Node{{user("q"), assistant(strings.Repeat("a", 80))}}); !errors.As(err, new(*core.TooLongError)) {
		t.Errorf("a path of 80 bytes for a context of 64: %v", err)
	}
	if _, err := a.Values(t.Context(), [][]core.Node{nil}); err == nil {
		t.Error("a path of no node has a value")
	}
	var none *core.NoHeadError
	if _, err := seated(t, e, p, core.Options{}).Values(t.Context(), paths); !errors.As(err, &none) || !strings.Contains(err.Error(), "train_verifier") {
		t.Errorf("a policy without a head: %v", err)
	}
	broken := q.With(core.PartRewardHead, q[core.PartWeights])
	if _, err := e.Actor(t.Context(), broken, "judge", core.Options{}); err == nil || !strings.Contains(err.Error(), core.PartRewardHead) {
		t.Errorf("weights for a head: %v", err)
	}
}
