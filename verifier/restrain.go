package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("restrain", registry.Doc{
		Summary: "Rewards an attempt by the shaped weight of its answer among all answers, and punishes all attempts where no answer has enough votes.",
		Detail: "Every answer is a pseudo-label of weight g(share) / sum of g over the answers, where g is a Gaussian around `centre` of width `width`; " +
			"the value of an attempt is the weight of its answer. Where the most common answer has less than `consensus` of the votes, " +
			"all attempts get -`penalty`. The confidence is the share of the attempt's own answer. The paper applies the penalty to advantages " +
			"that are computed for each pseudo-label, and weighs prompts by a frozen model's consensus; here both are one reward of an attempt, " +
			"which an objective then normalises, and the weight of prompts, by the same Gaussian, is left to the recipe. Its threshold is a number of votes, " +
			"here it is a share. Which centre, width, threshold and penalty it ran with could not be read; it reports that a width of 0.1 does badly, and the defaults are ours.",
		Paper:   "RESTRAIN: From Spurious Votes to Signals -- Self-Driven RL with Self-Penalization (Yu et al., 2025)",
		ID:      "S209",
		Example: "restrain: {consensus: 0.3}",
	}, newRestrain)
}

// RestrainConfig configures restrain.
type RestrainConfig struct {
	Of        string  `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are judged, or any."`
	Centre    float64 `yaml:"centre" default:"1" min:"0" max:"1" doc:"Share of the votes that weighs most."`
	Width     float64 `yaml:"width" default:"0.5" min:"0.01" max:"10" doc:"Width of the Gaussian: a narrow one comes close to majority voting, a wide one trusts rare answers."`
	Consensus float64 `yaml:"consensus" default:"0.2" min:"0" max:"1" doc:"Share of the votes that the most common answer must have."`
	Penalty   float64 `yaml:"penalty" default:"1" min:"0" doc:"What attempts lose where it has not."`
	Extract
}

func newRestrain(_ context.Context, _ core.Host, c RestrainConfig) (core.Verifier, error) {
	return groups{"restrain", "weighing pseudo-labels", restrain{c}.judge}, nil
}

type restrain struct{ cfg RestrainConfig }

func (c restrain) judge(_ context.Context, eps []*core.Episode) ([]group, error) {
	all := make([]group, len(eps))
	for i, ep := range eps {
		poll := newBallot()
		for _, r := range ep.Leaves() {
			if playedBy(ep, r, c.cfg.Of) {
				poll.cast(r, c.cfg.vote(ep, r), 1)
			}
		}
		most, _ := poll.winner()
		sum := 0.0
		for _, a := range poll.names() {
			sum += c.shape(poll.share(a))
		}
		all[i].rulings = map[core.Ref]ruling{}
		for r, a := range poll.answers {
			own := poll.share(a)
			v := said(0, own, "gives no answer")
			switch {
			case most == "":
				v = silent("no attempt gives an answer")
			case poll.share(most) < c.cfg.Consensus:
				v = said(-c.cfg.Penalty, own, fmt.Sprintf("%q leads with %.3f of the votes, too few", most, poll.share(most)))
			case a != "" && sum > 0:
				v = said(c.shape(own)/sum, own, fmt.Sprintf("%q has %.3f of the votes", a, own))
			}
			all[i].rulings[r] = v
		}
	}
	return all, nil
}

// shape is g of the paper, up to a factor that cancels.
func (c restrain) shape(share float64) float64 {
	d := (share - c.cfg.Centre) / c.cfg.Width
	return math.Exp(-d * d / 2)
}
