package nn

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pawl/tensor"

	"pgregory.net/rapid"
)

// Selection agrees with sorting everything, for any shape of distribution.
func TestTruncationAgreesWithSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "vocabulary")
		spread := rapid.SampledFrom([]float64{0, 0.01, 1, 5, 60}).Draw(t, "spread")
		r := newStream(rapid.Uint64().Draw(t, "seed"), 1)
		q := make([]float32, n)
		for i := range q {
			q[i] = float32(spread * (2*r.uniform() - 1))
			if spread == 60 {
				q[i] = float32(math.Round(float64(q[i]) / 20)) // many ties
			}
		}
		tensor.Softmax(q)
		p := Prompt{
			Temperature: 1,
			TopK:        rapid.SampledFrom([]int{0, 1, 3, 40, 1000}).Draw(t, "top-k"),
			// No share of equal tokens: which side of it a sum falls is rounding.
			TopP: rapid.SampledFrom([]float64{0, 0.1234567, 0.9012345, 0.9990123, 1}).Draw(t, "top-p"),
			MinP: rapid.SampledFrom([]float64{0, 0.0512345, 1}).Draw(t, "min-p"),
		}
		var d drawer
		var got []int32
		for _, r := range d.keep(q, &p) {
			got = append(got, r.token())
		}
		slices.Sort(got)
		want := sortedKeep(q, p)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%d kept: %v\nwant %d: %v", len(got), got, len(want), want)
		}
	})
}

// sortedKeep is the definition of truncation.
func sortedKeep(q []float32, p Prompt) []int32 {
	var list []int32
	total := 0.0
	for i, v := range q {
		if v > 0 {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int {
		switch {
		case q[a] > q[b]:
			return -1
		case q[a] < q[b]:
			return 1
		}
		return 0
	})
	if p.TopK > 0 {
		list = list[:min(p.TopK, len(list))]
	}
	for _, i := range list {
		total += float64(q[i])
	}
	if p.TopP > 0 && p.TopP < 1 {
		sum := 0.0
		for n, i := range list {
			if sum += float64(q[i]); sum >= p.TopP*total {
				list = list[:n+1]
				break
			}
		}
	}
	n := 0
	for n < len(list) && (n == 0 || float64(q[list[n]]) >= p.MinP*float64(q[list[0]])) {
		n++
	}
	return list[:n]
}

// Logits that are not numbers draw some token, and say so.
func TestDrawingFromNaN(t *testing.T) {
	logits := make([]float32, 40)
	logits[7] = float32(math.NaN())
	for _, p := range []Prompt{{Temperature: 1}, {Temperature: 1, TopK: 3}, {Temperature: 1, TopP: 0.5}, {Temperature: 1, MinP: 0.5}} {
		var d drawer
		r := newStream(1, 1)
		if token, logp := d.draw(logits, &p, &r); token < 0 || token >= 40 || logp == logp {
			t.Errorf("token %d, log-probability %v", token, logp)
		}
	}
}

func TestWhatIsSeen(t *testing.T) {
	m := lively(t, sampleConfig(), 9)
	prompt := []int32{3, 1, 4, 1, 5}
	p := Prompt{Tokens: prompt, N: 3, Temperature: 0.5, TopK: 4, MaxTokens: 6, Bias: map[int32]float32{2: 1},
		Want: Want{Top: 4, Entropy: true, Full: true, Hidden: true, Prompt: true}}
	plain := p
	plain.Want, plain.Tokens = Want{}, prompt[:4]
	out := generate(t, NewSampler(m, SamplerOptions{}), plain, p) // in company of one that wants nothing
	if out[0][0].Seen != nil {
		t.Error("told without being asked")
	}
	tr := NewTrainer(m)
	for _, c := range out[1] {
		all := slices.Concat(prompt, c.Tokens)
		logp, err := tr.Logprobs(t.Context(), []Sequence{{Tokens: all}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Prompted, logp[0][:5]) {
			t.Errorf("the prompt has log-probabilities %v, want %v", c.Prompted, logp[0][:5])
		}
		for i, id := range c.Tokens {
			if c.Full[i][id] != c.Raw[i] {
				t.Errorf("token %d: %v among all, %v by itself", i, c.Full[i][id], c.Raw[i])
			}
			h := 0.0
			for _, lp := range c.Full[i] {
				h -= math.Exp(float64(lp)) * float64(lp)
			}
			if math.Abs(h-float64(c.Entropy[i])) > 1e-5 {
				t.Errorf("token %d: entropy %v, want %v", i, c.Entropy[i], h)
			}
			order := sortedKeep(c.Full[i], Prompt{})
			order = order[:0]
			for j := range c.Full[i] {
				order = append(order, int32(j))
			}
			slices.SortStableFunc(order, func(a, b int32) int {
				if c.Full[i][a] > c.Full[i][b] {
					return -1
				}
				return 1
			})
			for k, a := range c.Top[i] {
				if a.Token != order[k] || a.Logprob != c.Full[i][a.Token] {
					t.Errorf("token %d: alternative %d is %+v, want %d", i, k, a, order[k])
				}
			}
			// The head turns the hidden state into the logits.
			logits := lastLogits(m, all[:5+i])
			head := m.lay.head.mat(m.w)
			for j := range logits {
				dot := 0.0
				for k, w := range head.Row(j) {
					dot += float64(w) * float64(c.Hidden[i][k])
				}
				if math.Abs(dot-float64(logits[j])) > 1e-4 {
					t.Fatalf("token %d: the hidden state gives logit %v, want %v", i, dot, logits[j])
				}
			}
		}
		if len(c.Top) != 6 || len(c.Top[0]) != 4 {
			t.Errorf("%d lists of %d alternatives", len(c.Top), len(c.Top[0]))
		}
	}
}

// Truncated draws at the vocabulary of a real model, peaked as a trained
// model's distribution is, and flat as an untrained one's.
func BenchmarkDraw(b *testing.B) {
	const vocab = 49152
	for _, shape := range []struct {
		name   string
		spread float64
	}{{"peaked", 12}, {"flat", 0.5}} {
		logits := make([]float32, vocab)
		r := newStream(5, 5)
		for i := range logits {
			logits[i] = float32(shape.spread * r.uniform() * r.uniform() * r.uniform())
		}
		for _, p := range []Prompt{
			{Temperature: 1}, {Temperature: 1, TopK: 40}, {Temperature: 1, TopP: 0.95}, {Temperature: 0.8, TopK: 40, TopP: 0.95}, {Temperature: 1, MinP: 0.05},
		} {
			b.Run(fmt.Sprintf("%s/t=%v,k=%d,p=%v,min=%v", shape.name, p.Temperature, p.TopK, p.TopP, p.MinP), func(b *testing.B) {
				var d drawer
				for b.Loop() {
					d.draw(logits, &p, &r)
				}
			})
		}
	}
}
