package nn

import (
	"math"
	"testing"
)

// Gradients of parts of a batch add up to that of the whole, within rounding,
// for whole models and adapters alike.
func TestAccumulatedGradients(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	m := lively(t, c, 3)
	a := livelyLoRA(t, m, LoRAConfig{Rank: 3, Alpha: 4}, 2)
	batch := someBatch(c, 24)
	loss := CrossEntropy(1 / float64(Targets(batch)))
	for name, make1 := range map[string]func() *Trainer{
		"full": func() *Trainer { return NewTrainer(m) },
		"lora": func() *Trainer { return loraTrainer(t, m, a) },
	} {
		whole, parts := make1(), make1()
		want, err := whole.ForwardBackward(batch, loss)
		if err != nil {
			t.Fatal(err)
		}
		got := 0.0
		for at := 0; at < len(batch); at += 5 {
			l, err := parts.ForwardBackward(batch[at:min(at+5, len(batch))], loss)
			if err != nil {
				t.Fatal(err)
			}
			got += l
		}
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: the losses of the parts add up to %v, that of the whole is %v", name, got, want)
		}
		big := make([]float64, whole.size)
		for i, x := range flat(whole) {
			big[i] = float64(x)
		}
		compare(t, name, flat(parts), big)
	}
}
