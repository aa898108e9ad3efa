package nn

import (
	"math"
	"slices"

	"pawl/tensor"
)

// Want names what a completion is to tell beside its tokens. All of it is about
// the model's own distribution: temperature 1, before bias, constraint and
// intervention. It costs a pass over the vocabulary a token; Full and Hidden
// keep a row of Vocab or Width floats for each.
type Want struct {
	Top     int  // Completion.Top: the likeliest alternatives of each token
	Entropy bool // Completion.Entropy
	Full    bool // Completion.Full
	Hidden  bool // Completion.Hidden
	Prompt  bool // Completion.Prompted
}

func (w *Want) distribution() bool { return w.Top > 0 || w.Entropy || w.Full }

// Alternative is a token with its log-probability.
type Alternative struct {
	Token   int32
	Logprob float32
}

// Seen is what a completion tells on request, by token; see Want.
type Seen struct {
	Top     [][]Alternative // likeliest first, ties by token
	Entropy []float32       // in nats
	Full    [][]float32     // log-probabilities of the whole vocabulary
	// Hidden are the states that the tokens were drawn from: the input of the
	// head, after the last norm.
	Hidden [][]float32
	// Prompted are the log-probabilities of the prompt's own tokens, 0 for the
	// first. All completions of a prompt share them.
	Prompted []float32
}

// observer computes what is wanted of a distribution. Its memory is reused.
type observer struct {
	logp, p []float32
	list    []ranked
}

// see records a token's distribution, given the model's logits.
func (o *observer) see(s *Seen, w *Want, logits []float32) {
	if !w.distribution() {
		return
	}
	o.distribution(logits)
	o.tell(s, w, logits)
}

// tell records the distribution that was last computed, that of logits.
func (o *observer) tell(s *Seen, w *Want, logits []float32) {
	if w.Full {
		s.Full = append(s.Full, slices.Clone(o.logp))
	}
	if w.Entropy {
		s.Entropy = append(s.Entropy, o.entropy())
	}
	if w.Top > 0 {
		s.Top = append(s.Top, o.top(logits, w.Top))
	}
}

// distribution is the logits' log-probabilities, valid until the next call.
func (o *observer) distribution(logits []float32) []float32 {
	o.logp = growAligned(o.logp, len(logits))
	tensor.LogSoftmax(o.logp, logits)
	return o.logp
}

// entropy is that of logp. A token without probability adds nothing.
func (o *observer) entropy() float32 {
	o.p = growAligned(o.p, len(o.logp))
	tensor.Exp(o.p, o.logp)
	sum := 0.0
	for i, p := range o.p {
		if p != 0 { // so that NaN shows
			sum -= float64(p) * float64(o.logp[i])
		}
	}
	return float32(sum)
}

// top ranks by logits, of which equal log-probabilities may differ.
func (o *observer) top(logits []float32, k int) []Alternative {
	o.list = o.list[:0]
	for i, l := range logits {
		o.list = append(o.list, rankLogit(l, i))
	}
	k = min(k, len(o.list))
	likeliest(o.list, func(n int, _ float64) bool { return n >= k })
	best := o.list[:k]
	slices.SortFunc(best, func(a, b ranked) int {
		if a > b {
			return -1
		}
		return 1
	})
	list := make([]Alternative, k)
	for i, r := range best {
		list[i] = Alternative{r.token(), o.logp[r.token()]}
	}
	return list
}

// rankLogit orders by any number, where rank needs one that is not negative.
func rankLogit(l float32, token int) ranked {
	b := math.Float32bits(l)
	if b>>31 == 1 {
		b = ^b
	} else {
		b |= 1 << 31
	}
	return ranked(b)<<32 | ranked(^uint32(token))
}
