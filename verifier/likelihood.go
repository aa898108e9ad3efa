package verifier

import (
	"context"
	"errors"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("likelihood", registry.Doc{
		Summary: "Judges an attempt by how likely a model finds its text.",
		Detail: "The value is the geometric mean of the probabilities of the attempt's tokens, in (0, 1], or its inverse, the perplexity, " +
			"1 and more, where less is better. Log-probabilities that were recorded with the attempt are used where there are any, and no model is " +
			"asked; they are of the distribution that was sampled from, its temperature and truncation included. `logprobs: anew` reads them at " +
			"temperature 1 from the seat.\n\n" +
			"With `against: nothing` the value is the share of the attempt's perplexity that the task takes away, (P - Q) / P, cut at -1, where Q is " +
			"the perplexity after the task and P the one after an empty turn in its place: the self-aligned reward. It is high for attempts that are " +
			"about the task and say nothing else, and is always read anew. " +
			"`value: total` is the log-probability of the whole attempt, in nats, and with `reference` that less the one under another seat: with a seat trained by `dpo` " +
			"and the reference of its training, the reward that it learnt, over beta (Rafailov et al., 2023). V-STaR (S100) ranks attempts by the likelihood under such a verifier alone. " +
			"None of these is a probability of being right, so there is no confidence.",
		Paper:   "Self-Aligned Reward: Towards Effective and Efficient Reasoners (Han et al., 2025)",
		ID:      "S058",
		Example: "likelihood: {against: nothing}",
		Needs:   []string{registry.NeedLogprobs},
	}, newLikelihood)
}

// LikelihoodConfig configures likelihood.
type LikelihoodConfig struct {
	Asking
	Value     string `yaml:"value" enum:"probability|perplexity|total" default:"probability" doc:"What the value is of a token in the mean: its probability, or the perplexity, where less is better; or the log-probability of them all."`
	Against   string `yaml:"against" enum:"none|nothing" default:"none" doc:"nothing compares with the perplexity of the attempt without the task."`
	Reference string `yaml:"reference" ref:"seat" doc:"Seat whose log-probability of the attempt is taken off the total."`
	Logprobs  string `yaml:"logprobs" enum:"recorded|anew" default:"recorded" doc:"Which log-probabilities count: those recorded with the attempt where there are any, or those that the seat gives now. With a reference both seats are read anew."`
}

// Validate refuses values that nothing compares as it says.
func (c LikelihoodConfig) Validate() error {
	switch {
	case c.Against == "nothing" && c.Value != "" && c.Value != "probability":
		return errors.New("value: with against: nothing the value is a share of a perplexity; leave value out")
	case c.Reference != "" && c.Value != "total":
		return errors.New("reference: it is the totals that are compared; add value: total")
	}
	return nil
}

func newLikelihood(_ context.Context, h core.Host, c LikelihoodConfig) (core.Verifier, error) {
	if c.Seat == "" {
		c.Seat = "solver"
	}
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, fmt.Errorf("making likelihood: %w", err)
	}
	l := likelihood{c, actor, nil}
	if c.Reference != "" {
		if l.reference, err = h.Actor(c.Reference); err != nil {
			return nil, fmt.Errorf("making likelihood: %w", err)
		}
	}
	if c.Against == "nothing" {
		return attempts{"likelihood", "comparing perplexities", l.against}, nil
	}
	return attempts{"likelihood", "reading likelihoods", l.judge}, nil
}

type likelihood struct {
	cfg       LikelihoodConfig
	actor     core.Actor
	reference core.Actor // nil for none
}

// score gives the log-probabilities of attempts, nil for those too long. Only
// where something is to be scored must the seat's model be able to.
func (l likelihood) score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	return scoreAll(ctx, l.cfg.Seat, l.actor, paths)
}

func (l likelihood) judge(ctx context.Context, items []item) ([]ruling, error) {
	logprobs := make([][]float32, len(items))
	var paths [][]core.Node
	var of []int
	for i, it := range items {
		if l.cfg.Logprobs != "anew" && l.reference == nil {
			logprobs[i] = recorded(it)
		}
		if logprobs[i] == nil {
			paths, of = append(paths, asRead(it, l.cfg.Seat)), append(of, i)
		}
	}
	scores, err := l.score(ctx, paths)
	if err != nil {
		return nil, err
	}
	less := make([]float64, len(items)) // what is taken off each
	rulings := make([]ruling, len(items))
	for k, i := range of {
		logprobs[i] = scores[k]
		rulings[i].usage = core.Usage{Calls: 1}
	}
	if l.reference != nil {
		// The same tokens as the seat's: a reference is of its tokenizer.
		under, err := scoreAll(ctx, l.cfg.Reference, l.reference, paths)
		if err != nil {
			return nil, err
		}
		for i, list := range under {
			if list == nil {
				logprobs[i] = nil
			}
			less[i] = total(list)
			rulings[i].usage.Calls++
		}
	}
	for i, list := range logprobs {
		r := &rulings[i]
		switch {
		case list == nil:
			*r = silent(tooLongFor(l.cfg.Seat))
			continue
		case len(list) == 0:
			r.score = silent("it has no tokens").score
			continue
		}
		m := mean(list)
		r.score = core.Score{Value: math.Exp(m), Rationale: fmt.Sprintf("a token of it has log-probability %.3f in the mean", m)}
		switch l.cfg.Value {
		case "perplexity":
			r.score.Value = math.Exp(-m)
		case "total":
			r.score.Value = total(list) - less[i]
		}
		if !finite(r.score.Value) {
			r.score = silent(fmt.Sprintf("its mean log-probability is %v", m)).score
		}
	}
	return rulings, nil
}

// against compares perplexities with and without the task.
func (l likelihood) against(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, 0, 2*len(items))
	for _, it := range items {
		with := asRead(it, l.cfg.Seat)
		answer := with[len(with)-1]
		answer.Parent = 1
		paths = append(paths, with, []core.Node{{Role: core.RoleUser}, answer})
	}
	scores, err := l.score(ctx, paths)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i := range items {
		with, without := scores[2*i], scores[2*i+1]
		switch {
		case with == nil || without == nil:
			rulings[i] = silent(tooLongFor(l.cfg.Seat))
			continue
		case len(with) == 0:
			rulings[i] = silent("it has no tokens")
			continue
		}
		// (P - Q) / P of perplexities P = exp(-without) and Q = exp(-with).
		v := max(-math.Expm1(mean(without)-mean(with)), -1)
		if !finite(v) {
			rulings[i] = silent("its perplexity is beyond all numbers")
			continue
		}
		rulings[i] = ruling{
			score: core.Score{Value: v, Rationale: fmt.Sprintf("its perplexity is %.3f after the task, %.3f without", math.Exp(-mean(with)), math.Exp(-mean(without)))},
			usage: core.Usage{Calls: 2},
		}
	}
	return rulings, nil
}
