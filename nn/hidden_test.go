package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// mixedLoss is SRGen's kind: cross-entropy of the context and entropy of what
// comes next.
func mixedLoss(tokens []int32, from int) ProbeLoss {
	return func(logp, dlogp [][]float32) float64 {
		loss, last := 0.0, len(logp)-1
		for i := range last {
			loss += AddLogprob(logp[i], dlogp[i], tokens[from+i], -1/float64(last))
		}
		return loss + AddEntropy(logp[last], dlogp[last], 0.7)
	}
}

// Gradients with respect to shifts at every layer agree with differences.
func TestShiftGradients(t *testing.T) {
	c := sampleConfig()
	for name, c := range map[string]Config{"plain": c, "norms of heads": func() Config { c := c; c.QKNorm = true; return c }()} {
		m := lively(t, c, 6)
		p := NewProbe(m)
		tokens := []int32{3, 1, 4, 1, 5, 9, 2, 6}
		const from = 3
		r := newStream(1, 2)
		add := func(rows int) []float32 {
			x := make([]float32, rows*c.Width)
			for i := range x {
				x[i] = float32(r.uniform() - 0.5)
			}
			return x
		}
		shifts := []Shift{
			{Layer: 0, At: 1, Add: add(2)},
			{Layer: 0, At: 2, Add: add(1), Repeat: true},
			{Layer: 1, At: 6, Add: add(3)}, // beyond the end, in part
			{Layer: c.Layers, Add: add(1), Repeat: true},
			{Layer: c.Layers, At: 7, Add: add(1)},
		}
		loss := mixedLoss(tokens, from)
		_, grads, err := p.Gradient(tokens, from, shifts, loss)
		if err != nil {
			t.Fatal(err)
		}
		for k := range shifts {
			total := 0.0
			for _, g := range grads[k] {
				total += float64(g) * float64(g)
			}
			if total == 0 {
				t.Errorf("%s: shift %d has no gradient", name, k)
			}
			for i := 0; i < len(shifts[k].Add); i += 5 {
				const h = 1e-2
				at := func(d float32) float64 {
					x := shifts[k].Add[i]
					shifts[k].Add[i] = x + d
					v, _, err := p.Gradient(tokens, from, shifts, loss)
					if shifts[k].Add[i] = x; err != nil {
						t.Fatal(err)
					}
					return v
				}
				want := (at(h) - at(-h)) / (2 * h)
				if got := float64(grads[k][i]); math.Abs(got-want) > 2e-3*(1+math.Abs(want)) {
					t.Errorf("%s: shift %d, value %d: gradient %v, difference %v", name, k, i, got, want)
				}
			}
		}
	}
}

// A sample under shifts is drawn from what the probe computes under them, to the
// bit, and unshifted samples of the same prompt beside it are as ever.
func TestShiftedSamples(t *testing.T) {
	m := lively(t, longConfig(), 6)
	c := m.Config()
	tokens := make([]int32, 80)
	for i := range tokens {
		tokens[i] = int32(i * i % 19)
	}
	add := make([]float32, c.Width)
	for i := range add {
		add[i] = float32(i%5) - 2
	}
	shifts := []Shift{{Layer: 1, At: 3, Add: add}, {Layer: 1, At: 70, Add: add, Repeat: true}, {Layer: c.Layers, At: 80, Add: add, Repeat: true}}
	plain := Prompt{Tokens: tokens, N: 2, Temperature: 1, MaxTokens: 4, Want: Want{Full: true}}
	shifted := plain
	shifted.Shifts = shifts
	s := NewSampler(m, SamplerOptions{Slots: 3})
	alone := generate(t, NewSampler(m, SamplerOptions{}), plain)[0]
	for range 2 { // the second time, prefixes are kept
		out := generate(t, s, plain, shifted, plain)
		if !slices.EqualFunc(out[0], alone, same) || !slices.EqualFunc(out[2], alone, same) {
			t.Error("samples without shifts are others beside one with them")
		}
		for _, done := range out[1] {
			all := slices.Concat(tokens, done.Tokens)
			p := NewProbe(m)
			if _, _, err := p.Gradient(all[:len(all)-1], len(tokens), shifts, func(logp, _ [][]float32) float64 {
				for i, row := range done.Full {
					if !slices.Equal(row, logp[i]) {
						t.Errorf("token %d is drawn from another distribution than the probe's", i)
					}
				}
				return 0
			}); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(done.Full[0], out[0][0].Full[0]) {
				t.Error("the shifts change nothing")
			}
		}
	}
}

// SRGen (see docs of Probe): a few gradient steps on a vector at the head make
// the next token's distribution sharper, and Steer draws from it.
func TestSteering(t *testing.T) {
	m := lively(t, sampleConfig(), 6)
	c := m.Config()
	tokens := []int32{3, 1, 4, 1, 5}
	p := NewProbe(m)
	delta := make([]float32, c.Width)
	var first, last float64
	for range 5 {
		v, g, err := p.Gradient(tokens, 1, []Shift{{Layer: c.Layers, Add: delta, Repeat: true}}, mixedLoss(tokens, 1))
		if err != nil {
			t.Fatal(err)
		}
		if last = v; first == 0 {
			first = v
		}
		for i := range delta {
			delta[i] -= 0.05 * g[0][i]
		}
	}
	if last >= first {
		t.Errorf("the loss goes from %v to %v", first, last)
	}
	want := generate(t, NewSampler(m, SamplerOptions{}), Prompt{Tokens: tokens, N: 1, Temperature: 1, MaxTokens: 1,
		Shifts: []Shift{{Layer: c.Layers, Add: delta, Repeat: true}}})[0][0]
	got := generate(t, NewSampler(m, SamplerOptions{}), Prompt{Tokens: tokens, N: 1, Temperature: 1, MaxTokens: 1,
		Steer: func(_ int, path []int32, hidden []float32) bool {
			if !slices.Equal(path, tokens) {
				t.Errorf("steering after %v", path)
			}
			for i := range hidden {
				hidden[i] += delta[i]
			}
			return true
		}})[0][0]
	if got.Tokens[0] != want.Tokens[0] || got.Logprobs[0] != want.Logprobs[0] || got.Raw[0] == got.Logprobs[0] {
		t.Errorf("steered: %+v, shifted: %+v", got, want)
	}
}

func TestBadShifts(t *testing.T) {
	m := lively(t, sampleConfig(), 6)
	for _, x := range []struct {
		s    Shift
		want string
	}{
		{Shift{Layer: 3, Add: make([]float32, 24)}, "layer 3 from position 0 on"},
		{Shift{At: -1, Add: make([]float32, 24)}, "position -1"},
		{Shift{Add: make([]float32, 23)}, "23 values"},
		{Shift{Add: make([]float32, 48), Repeat: true}, "48 values"},
	} {
		_, err := NewSampler(m, SamplerOptions{}).Generate(t.Context(), []Prompt{{Tokens: []int32{1}, N: 1, Shifts: []Shift{x.s}}}, nil)
		_, _, also := NewProbe(m).Gradient([]int32{1}, 1, []Shift{x.s}, nil)
		if err == nil || also == nil || !strings.Contains(err.Error(), x.want) || !strings.Contains(also.Error(), x.want) {
			t.Errorf("errors %v and %v, want %q", err, also, x.want)
		}
	}
	for _, from := range []int{0, 3} {
		if _, _, err := NewProbe(m).Gradient([]int32{1, 2}, from, nil, nil); err == nil || !strings.Contains(fmt.Sprint(err), "probing hidden states: positions") {
			t.Errorf("from %d: %v", from, err)
		}
	}
}
