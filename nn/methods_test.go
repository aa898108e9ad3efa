package nn

import (
	"math"
	"slices"
	"testing"
)

// Methods of papers at values worked out by hand.

// Llama 3.1's scaling by 8 from 8192 positions on: what turns less than once
// keeps an eighth of its frequency, what turns more than four times all of it,
// and in the middle between one and four half of each: 9/16.
func TestRopeScalingByHand(t *testing.T) {
	llama3 := RopeScaling{Kind: ropeLlama3, Factor: 8, LowFreq: 1, HighFreq: 4, Original: 8192}
	linear := RopeScaling{Kind: ropeLinear, Factor: 8}
	for _, c := range []struct {
		r           RopeScaling
		turns, want float64
	}{{llama3, 0.5, 8}, {llama3, 1, 8}, {llama3, 2.5, 16.0 / 9}, {llama3, 4, 1}, {llama3, 100, 1}, {linear, 2.5, 8}, {RopeScaling{}, 2.5, 1}} {
		if got := c.r.factor(c.turns * 2 * math.Pi / 8192); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v, %v turns: divided by %v, want %v", c.r, c.turns, got, c.want)
		}
	}
}

// Probabilities 1/2, 1/4, 1/8, 1/8.
func TestTruncationByHand(t *testing.T) {
	q := []float32{0.125, 0.5, 0.25, 0.125}
	for name, c := range map[string]struct {
		p    Prompt
		want []int32
	}{
		"min-p, half of the likeliest":   {Prompt{MinP: 0.5}, []int32{1, 2}},
		"min-p, a little more":           {Prompt{MinP: 0.51}, []int32{1}},
		"top-p, just reached":            {Prompt{TopP: 0.75}, []int32{1, 2}},
		"top-p, a little more":           {Prompt{TopP: 0.76}, []int32{0, 1, 2}}, // ties by token
		"top-p of what top-k leaves":     {Prompt{TopK: 2, TopP: 0.66}, []int32{1}},
		"min-p does not depend on top-k": {Prompt{TopK: 3, MinP: 0.25}, []int32{0, 1, 2}},
	} {
		var got []int32
		for _, r := range new(drawer).keep(q, &c.p) {
			got = append(got, r.token())
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: tokens %v, want %v", name, got, c.want)
		}
	}
}

// A starts uniform within 1/sqrt(in), which is 1/4 at a width of 16, and B at 0.
func TestLoRAStartsByHand(t *testing.T) {
	m, err := New(Config{Vocab: 3, Width: 16, Layers: 1, Heads: 1, Hidden: 16, Context: 4, BOS: -1, EOS: -1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewLoRA(m, LoRAConfig{Rank: 16, Alpha: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.groups {
		g := &a.groups[i]
		if w := g.a.of(a.w); len(w) > 0 {
			low, high, squares := slices.Min(w), slices.Max(w), 0.0
			for _, x := range w {
				squares += float64(x) * float64(x)
			}
			if low < -0.25 || high > 0.25 || math.Abs(squares/float64(len(w))*48-1) > 0.3 { // the variance is 1/48
				t.Errorf("group %d: A from %v to %v with a variance of %v", i, low, high, squares/float64(len(w)))
			}
		}
		for _, p := range g.parts {
			if b := p.bT.of(a.w); slices.Min(b) != 0 || slices.Max(b) != 0 {
				t.Errorf("group %d: B does not start at 0", i)
			}
		}
	}
}

// Zero options mean betas of 0.9 and 0.999 and an epsilon of 1e-8.
func TestStepDefaults(t *testing.T) {
	run := func(o StepOptions) []float32 {
		tr := NewTrainer(lively(t, small, 1))
		for range 3 {
			if _, err := tr.ForwardBackward(benchBatch(small, 4, 9), weighed); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Step(o); err != nil {
				t.Fatal(err)
			}
		}
		return tr.m.w
	}
	if !slices.Equal(run(StepOptions{LR: 0.01}), run(StepOptions{LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8})) {
		t.Error("zero options are not the defaults")
	}
}

// The entropy of (1/4, 3/4), tripled, and its slopes -3p·(log p + 1).
func TestProbeLossesByHand(t *testing.T) {
	lp := []float32{float32(math.Log(0.25)), float32(math.Log(0.75))}
	d := make([]float32, 2)
	got := AddEntropy(lp, d, 3)
	if want := 3 * (math.Log(4)/4 + 3*math.Log(4.0/3)/4); math.Abs(got-want) > 1e-6 {
		t.Errorf("entropy %v, want %v", got, want)
	}
	for i, p := range []float64{0.25, 0.75} {
		if want := -3 * p * (math.Log(p) + 1); math.Abs(float64(d[i])-want) > 1e-6 {
			t.Errorf("slope %d is %v, want %v", i, d[i], want)
		}
	}
	if got := AddLogprob(lp, d, 1, -2); math.Abs(got+2*math.Log(0.75)) > 1e-6 || math.Abs(float64(d[1])+3*0.75*(math.Log(0.75)+1)+2) > 1e-6 {
		t.Errorf("log-probability %v, slope %v", got, d[1])
	}
}
