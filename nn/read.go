package nn

import (
	"context"
	"fmt"

	"pawl/tensor"
)

// Reading says how to read given texts, and what to tell of each wanted token's
// distribution: the model's own, at temperature 1. Want.Hidden and Want.Prompt
// are not of this.
type Reading struct {
	Want
	// Reduce makes one number of a distribution, given its log-probabilities. It
	// is called from several goroutines and keeps nothing. It is how to learn of
	// distributions without keeping them.
	Reduce func(logp []float32) float32
	// Dropout is the share of units left out, in [0, 1); those kept grow by
	// 1/(1-Dropout). The units are what the two output projections of each layer
	// read: the heads' outputs and the gated units. Which are left out follows
	// from Seed alone and is the same for all tokens of all texts: a reading is
	// one by a thinned model, drawn once (Gal and Ghahramani 2016, "Dropout as a
	// Bayesian Approximation"; the same mask at all positions after "A
	// Theoretically Grounded Application of Dropout in Recurrent Neural
	// Networks").
	Dropout float64
	Seed    uint64
}

// Read is what is told of a sequence, by wanted token. Seen has what was asked
// for.
type Read struct {
	Logprobs []float32
	Reduced  []float32
	Seen
}

// Read reads a batch. The result does not depend on what else is in it. The
// logits exist in blocks (head.go), so memory is bounded by those, unless whole
// distributions are asked for.
func (t *Trainer) Read(ctx context.Context, batch []Sequence, r Reading) ([]Read, error) {
	if !(r.Dropout >= 0 && r.Dropout < 1) {
		return nil, fmt.Errorf("reading texts: dropout %v; it is a share of at least 0 and less than 1", r.Dropout)
	}
	t.retain, t.mute = false, false
	t.reads = &reads{Reading: r, out: make([]Read, len(batch)), thin: masks(&t.m.cfg, r)}
	defer func() { t.reads = nil }()
	out := t.reads.out
	_, err := t.run(ctx, batch)
	if err != nil {
		return nil, fmt.Errorf("reading texts: %w", err)
	}
	return out, nil
}

// reads is a reading under way. Each sequence is read by one worker.
type reads struct {
	Reading
	out  []Read
	thin []layerMasks // nil without dropout
}

// layerMasks are the factors of a layer's units: 0, or 1/(1-dropout).
type layerMasks struct{ att, act []float32 }

func masks(c *Config, r Reading) []layerMasks {
	if r.Dropout == 0 {
		return nil
	}
	draw := func(index, n int) []float32 {
		s, keep := newStream(r.Seed, uint64(index)), float32(1/(1-r.Dropout))
		mask := make([]float32, n)
		for i := range mask {
			if s.uniform() >= r.Dropout {
				mask[i] = keep
			}
		}
		return mask
	}
	all := make([]layerMasks, c.Layers)
	for l := range all {
		all[l] = layerMasks{draw(2*l, c.qDim()), draw(2*l+1, c.Hidden)}
	}
	return all
}

// thinAttention and thinUnits leave out what a reading goes without.
func (s *shard) thinAttention(layer int, att tensor.Mat) {
	if s.reads != nil && s.reads.thin != nil {
		applyMask(att, s.reads.thin[layer].att)
	}
}

func (s *shard) thinUnits(layer int, act tensor.Mat) {
	if s.reads != nil && s.reads.thin != nil {
		applyMask(act, s.reads.thin[layer].act)
	}
}

func applyMask(x tensor.Mat, mask []float32) {
	for r := range x.Rows {
		row := x.Row(r)
		for i, m := range mask {
			row[i] *= m
		}
	}
}

// read tells of all outs, block by block.
func (s *shard) read() {
	r := s.reads
	n := s.headRows(s.head.N)
	for lo := 0; lo < s.outs; lo += n {
		hi := min(lo+n, s.outs)
		logits := s.project(s.head, lo, hi)
		for i, target := range s.target[lo:hi] {
			if target < 0 {
				continue // a value was wanted there (Sequence.End)
			}
			to, row := &r.out[s.outSeq[lo+i]], logits.Row(i)
			logp := s.seer.distribution(row)
			to.Logprobs = append(to.Logprobs, logp[target])
			s.seer.tell(&to.Seen, &r.Want, row)
			if r.Reduce != nil {
				to.Reduced = append(to.Reduced, r.Reduce(logp))
			}
		}
	}
}
