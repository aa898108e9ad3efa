package coretest

import (
	"cmp"
	"context"
	"math"
	"slices"

	"pawl/core"
)

// Reader is an Opinion that also shows distributions: a core.Reader of scripted
// ones.
type Reader struct {
	Opinion
	// Tokens are those of the path's last node, as they are read so.
	Tokens func(path []core.Node, r core.Reading) ([]Token, error)
}

// Token is one that was drawn, with the distribution it stands in.
type Token struct {
	Text  string
	ID    int       // its index in Probs
	Probs []float64 // of the whole vocabulary
}

// Read tells of Tokens what r asks for.
func (d *Reader) Read(ctx context.Context, paths [][]core.Node, r core.Reading) ([]core.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([]core.Observation, len(paths))
	for i, path := range paths {
		tokens, err := d.Tokens(path, r)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			t.tell(&out[i], r)
		}
	}
	return out, nil
}

// Score gives the log-probs of Tokens, or, where there is a Logprobs, those.
func (d *Reader) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	if d.Logprobs != nil {
		return d.Opinion.Score(ctx, paths)
	}
	seen, err := d.Read(ctx, paths, core.Reading{})
	scores := make([][]float32, len(seen))
	for i, o := range seen {
		scores[i] = append([]float32{}, o.Raw...)
	}
	return scores, err
}

func (t Token) tell(o *core.Observation, r core.Reading) {
	logp, entropy := make([]float32, len(t.Probs)), 0.0
	all := make([]core.Alternative, len(t.Probs))
	for i, p := range t.Probs {
		logp[i] = float32(math.Log(p))
		all[i] = core.Alternative{Token: int32(i), Logprob: logp[i]}
		if p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	o.Text, o.Raw = append(o.Text, t.Text), append(o.Raw, logp[t.ID])
	if r.Entropy {
		o.Entropy = append(o.Entropy, float32(entropy))
	}
	if r.Full {
		o.Full = append(o.Full, logp)
	}
	if r.Reduce != nil {
		o.Reduced = append(o.Reduced, r.Reduce(logp))
	}
	if r.Top > 0 {
		slices.SortStableFunc(all, func(a, b core.Alternative) int { return cmp.Compare(b.Logprob, a.Logprob) })
		o.Top = append(o.Top, all[:min(r.Top, len(all))])
	}
}
