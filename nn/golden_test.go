package nn

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden is what testdata/golden.py computes.
type golden struct {
	Config Config
	Batch  []struct {
		Tokens []int32
		Loss   []int
	}
	Step struct {
		LR, Beta1, Beta2, Eps, Decay, Clip float64
	}
	Logits        [][][]float64
	Loss          float64
	Gradients     map[string][]float64
	Losses, Norms []float64
}

func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	m, err := New(g.Config, 1)
	if err != nil {
		t.Fatal(err)
	}
	state := uint64(12345) // the script's rule
	for _, x := range m.Tensors() {
		for i := range x.Data {
			state = (state*1103515245 + 12345) % (1 << 31)
			w := float64(int(state/65536%2001)-1000) / 2000
			if len(x.Shape) == 1 {
				w = 1 + w/4
			}
			x.Data[i] = float32(w)
		}
	}
	m.Touch()
	var batch []Sequence
	for i, s := range g.Batch {
		seq := Sequence{Tokens: s.Tokens}
		for _, l := range s.Loss {
			seq.Loss = append(seq.Loss, l == 1)
		}
		batch = append(batch, seq)
		for n := range s.Tokens {
			for j, got := range lastLogits(m, s.Tokens[:n+1]) {
				if want := g.Logits[i][n][j]; math.Abs(float64(got)-want) > 2e-5*(1+math.Abs(want)) {
					t.Errorf("sequence %d, position %d: logit %d is %v, want %v", i, n, j, got, want)
				}
			}
		}
	}
	tr := NewTrainer(m)
	loss := CrossEntropy(1 / float64(Targets(batch)))
	for step := range g.Losses {
		got, err := tr.ForwardBackward(batch, loss)
		if err != nil {
			t.Fatal(err)
		}
		if want := g.Losses[step]; math.Abs(got-want) > 1e-4*want {
			t.Errorf("step %d: loss %v, want %v", step, got, want)
		}
		if step == 0 {
			for name, grad := range tr.gradient() {
				if len(grad) != len(g.Gradients[name]) {
					t.Fatalf("%s: %d gradients, want %d", name, len(grad), len(g.Gradients[name]))
				}
				for i, want := range g.Gradients[name] {
					if math.Abs(float64(grad[i])-want) > 1e-5*(1+math.Abs(want)) {
						t.Errorf("%s[%d]: gradient %v, want %v", name, i, grad[i], want)
					}
				}
			}
		}
		norm, err := tr.Step(StepOptions{LR: g.Step.LR, Beta1: g.Step.Beta1, Beta2: g.Step.Beta2, Eps: g.Step.Eps, Decay: g.Step.Decay, Clip: g.Step.Clip})
		if err != nil {
			t.Fatal(err)
		}
		if want := g.Norms[step]; math.Abs(norm-want) > 1e-3*want {
			t.Errorf("step %d: gradient norm %v, want %v", step, norm, want)
		}
	}
}
