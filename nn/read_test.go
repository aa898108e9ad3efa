package nn

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"
)

// readAll reads a batch and wants it all.
func readAll(t testing.TB, m *Model, batch []Sequence, r Reading) []Read {
	t.Helper()
	out, err := NewTrainer(m).Read(t.Context(), batch, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Without dropout a reading tells of the same distributions, to the bit, that
// Logprobs is about, and of wanted tokens alone.
func TestReadAgreesWithLogprobs(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := lively(t, c, 3)
		batch := someBatch(c, 7)
		tr := NewTrainer(m)
		logp := rows(t, tr, batch)
		got, err := tr.Read(t.Context(), batch, Reading{
			Want:   Want{Top: 2, Entropy: true, Full: true},
			Reduce: func(logp []float32) float32 { return slices.Max(logp) },
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			k := 0
			for p, id := range batch[i].Tokens {
				if !batch[i].wants(p) {
					continue
				}
				r := &got[i]
				if r.Logprobs[k] != logp[i][p] || r.Full[k][id] != logp[i][p] {
					t.Errorf("%s: sequence %d, token %d: %v and %v, want %v", name, i, p, r.Logprobs[k], r.Full[k][id], logp[i][p])
				}
				if r.Top[k][0].Logprob != r.Reduced[k] || r.Top[k][0].Logprob < r.Top[k][1].Logprob {
					t.Errorf("%s: the likeliest has %v, the largest log-probability is %v", name, r.Top[k], r.Reduced[k])
				}
				h := 0.0
				for _, l := range r.Full[k] {
					h -= math.Exp(float64(l)) * float64(l)
				}
				if math.Abs(h-float64(r.Entropy[k])) > 1e-5 {
					t.Errorf("%s: entropy %v, want %v", name, r.Entropy[k], h)
				}
				k++
			}
			if len(got[i].Logprobs) != k || len(got[i].Full) != k || len(got[i].Reduced) != k {
				t.Errorf("%s: sequence %d: %d tokens are told of, %d are wanted", name, i, len(got[i].Logprobs), k)
			}
		}
		// What follows a reading is not changed by it.
		if again := rows(t, tr, batch); !reflect.DeepEqual(again, logp) {
			t.Errorf("%s: log-probabilities differ after a reading", name)
		}
	}
}

// A reading with dropout follows from seed and text: not from the batch, nor the
// number of threads, nor the blocks of the head.
func TestDropoutIsDeterministic(t *testing.T) {
	c := small
	m := lively(t, c, 5)
	batch := someBatch(c, 9)
	r := Reading{Want: Want{Full: true}, Dropout: 0.3, Seed: 11}
	whole := readAll(t, m, batch, r)
	for i := range batch {
		if alone := readAll(t, m, batch[i:i+1], r); !reflect.DeepEqual(alone[0], whole[i]) {
			t.Errorf("sequence %d reads otherwise alone", i)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !reflect.DeepEqual(readAll(t, m, batch, r), whole) {
		t.Error("one thread reads otherwise")
	}
	other := r
	other.Seed = 12
	if reflect.DeepEqual(readAll(t, m, batch, other), whole) {
		t.Error("another seed reads the same")
	}
	if reflect.DeepEqual(readAll(t, m, batch, Reading{Want: r.Want}), whole) {
		t.Error("dropout changes nothing")
	}
}

// The factors of kept units are 1/(1-p), and a share p of all is left out.
func TestMasks(t *testing.T) {
	c := small
	c.Hidden = 4096
	dropped, n := 0, 0
	all := masks(&c, Reading{Dropout: 0.25, Seed: 1})
	for _, l := range all {
		for _, f := range l.act {
			n++
			switch f {
			case 0:
				dropped++
			case float32(1 / 0.75):
			default:
				t.Fatalf("a factor of %v", f)
			}
		}
	}
	// Six standard deviations about a quarter.
	if want, slack := 0.25*float64(n), 6*math.Sqrt(0.25*0.75*float64(n)); math.Abs(float64(dropped)-want) > slack {
		t.Errorf("%d of %d units are left out, want about %v", dropped, n, want)
	}
	if len(all) > 1 && slices.Equal(all[0].act, all[1].act) {
		t.Error("two layers go without the same units")
	}
}

// In the mean over many thinned models a unit passes on what it would have.
func TestMasksAreUnbiased(t *testing.T) {
	c := small
	const readings = 4000
	sum := make([]float64, c.Hidden)
	for seed := range readings {
		for i, f := range masks(&c, Reading{Dropout: 0.5, Seed: uint64(seed)})[0].act {
			sum[i] += float64(f)
		}
	}
	for i, s := range sum {
		if math.Abs(s/readings-1) > 6/math.Sqrt(readings) { // a factor's deviation is 1
			t.Errorf("unit %d has the mean factor %v", i, s/readings)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	c := small
	tr := NewTrainer(lively(t, c, 5))
	for _, p := range []float64{-0.1, 1, math.NaN()} {
		if _, err := tr.Read(t.Context(), someBatch(c, 1), Reading{Dropout: p}); err == nil {
			t.Errorf("dropout %v is taken", p)
		}
	}
	long := []Sequence{{Tokens: make([]int32, c.Context+2)}}
	_, err := tr.Read(t.Context(), long, Reading{})
	if tooLong := (*ContextError)(nil); !errors.As(err, &tooLong) {
		t.Errorf("a long text: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.Read(ctx, someBatch(c, 1), Reading{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The head's blocks do not change what is read.
func TestReadInBlocks(t *testing.T) {
	c := small
	m := lively(t, c, 5)
	batch := someBatch(c, 9)
	want := Reading{Want: Want{Entropy: true}}
	whole := readAll(t, m, batch, want)
	tr := NewTrainer(m)
	if _, err := tr.Read(t.Context(), batch, want); err != nil {
		t.Fatal(err)
	}
	for _, s := range tr.scratch {
		s.limit = 16 * c.Vocab
	}
	if got, err := tr.Read(t.Context(), batch, want); err != nil || !reflect.DeepEqual(got, whole) {
		t.Errorf("in blocks it reads otherwise (%v)", err)
	}
}
