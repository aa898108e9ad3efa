package verifier

import (
	"context"
	"fmt"
	"math"
	"slices"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("weighted_vote", registry.Doc{
		Summary: "Judges an attempt by the votes for its answer, each weighted by what another verifier says of who casts it.",
		Detail: "With `weigh: value` a vote weighs the value that `by` gives its attempt, to the power `power`; values below 0 weigh nothing. " +
			"With `weigh: rank` it weighs (N - rank + 1)^power, where N attempts are ranked from the best value and equal values share " +
			"their mean rank: Borda voting, as the paper on self-certainty does. An attempt that `by` abstains on has no vote. Attempts that give the answer of the greatest " +
			"weight get its share of all weight as value, all others 0, or with `losers: share` that of their own answer. " +
			"The confidence is the share of the attempt's own answer. Where two answers tie, all attempts abstain. " +
			"In the paper's own program ranks are raised to 0.5 unless told otherwise, equal values rank in the order of the attempts, and an attempt without an answer has no vote; " +
			"here it has a vote for none, which lowers all shares and changes no winner.",
		Paper:   "Scalable Best-of-N Selection for Large Language Models via Self-Certainty (Kang et al., 2025)",
		ID:      "S063",
		Example: "weighted_vote: {by: p_true}",
	}, newWeightedVote)
}

// WeightedVoteConfig configures weighted_vote.
type WeightedVoteConfig struct {
	By     core.Spec `yaml:"by" kind:"verifier" required:"true" doc:"Verifier whose values weigh the votes."`
	Of     string    `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts vote and are judged, or any."`
	Weigh  string    `yaml:"weigh" enum:"value|rank" default:"value" doc:"What a vote weighs: the value of its attempt, or its rank among the values."`
	Power  float64   `yaml:"power" default:"1" min:"0" max:"100" doc:"Power that value or rank is raised to; 0 counts votes plainly."`
	Losers string    `yaml:"losers" enum:"zero|share" default:"zero" doc:"Value of attempts that do not give the winning answer."`
	Extract
}

func newWeightedVote(ctx context.Context, h core.Host, c WeightedVoteConfig) (core.Verifier, error) {
	by, err := newInner(ctx, h, c.By)
	if err != nil {
		return nil, fmt.Errorf("making weighted_vote: %w", err)
	}
	w := weightedVote{c, by}
	return groups{"weighted_vote", "counting weighted votes", w.judge}, nil
}

type weightedVote struct {
	cfg WeightedVoteConfig
	by  inner
}

func (w weightedVote) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	js, err := w.by.all(ctx, eps)
	if err != nil {
		return nil, err
	}
	all := make([]group, len(eps))
	for i, ep := range eps {
		scores := byAttempt(js[i])
		var voters []core.Ref
		var values []float64
		for _, r := range ep.Leaves() {
			if !playedBy(ep, r, w.cfg.Of) {
				continue
			}
			if s, ok := scores[r]; ok && !s.Abstain && !math.IsNaN(s.Value) {
				voters, values = append(voters, r), append(values, s.Value)
			}
		}
		weights := w.weights(values)
		poll := newBallot()
		for k, r := range voters {
			poll.cast(r, w.cfg.vote(ep, r), weights[k])
		}
		g := group{rulings: map[core.Ref]ruling{}, nodes: js[i].Nodes, usage: js[i].Usage}
		for _, r := range ep.Leaves() {
			if !playedBy(ep, r, w.cfg.Of) {
				continue
			}
			v := poll.ruling(r, w.cfg.Losers == "share")
			if _, voted := poll.answers[r]; !voted {
				v = silent(w.by.label + " abstains on it")
			}
			v.score.Via = scores[r].Via
			g.rulings[r] = v
		}
		all[i] = g
	}
	return all, nil
}

// weights are what the votes of attempts of these values weigh.
func (w weightedVote) weights(values []float64) []float64 {
	weights := make([]float64, len(values))
	for k, v := range values {
		if w.cfg.Weigh == "rank" {
			weights[k] = math.Pow(float64(len(values))-meanRank(values, v)+1, w.cfg.Power)
		} else {
			weights[k] = math.Pow(max(v, 0), w.cfg.Power)
		}
	}
	return weights
}

// meanRank is the rank of a value from the greatest, 1; equal ones share the mean
// of their ranks.
func meanRank(values []float64, v float64) float64 {
	above, same := 0, 0
	for _, u := range values {
		switch {
		case u > v:
			above++
		case u == v:
			same++
		}
	}
	return float64(above) + float64(same+1)/2
}

// ruling is how an attempt that voted fares in the ballot.
func (b *ballot) ruling(r core.Ref, share bool) ruling {
	winner, tied := b.winner()
	answer := b.answers[r]
	own := b.share(answer)
	v := said(0, own, "")
	switch {
	case tied == 0:
		return silent("no attempt of any weight gives an answer")
	case tied > 1:
		return silent(fmt.Sprintf("%d answers tie with %.3f of the weight", tied, b.share(winner)))
	case answer == "":
		v.score.Rationale = "gives no answer"
	case answer == winner:
		v.score.Value = own
		v.score.Rationale = fmt.Sprintf("%q has %.3f of the weight", answer, own)
	default:
		if share {
			v.score.Value = own
		}
		v.score.Rationale = fmt.Sprintf("%q has %.3f of the weight, %q has %.3f", answer, own, winner, b.share(winner))
	}
	return v
}

// names lists the answers that have votes, in order.
func (b *ballot) names() []string {
	var all []string
	for a := range b.votes {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}
