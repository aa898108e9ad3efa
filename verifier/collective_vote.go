package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("collective_vote", registry.Doc{
		Summary: "Judges the attempts of several seats by their common vote, in which a seat counts for more the more it agrees with itself.",
		Detail: "Every attempt casts a vote that weighs its seat's self-consistency: the share of the seat's attempts that give its own most " +
			"common answer. Attempts that give the collective answer get its share of all weight as value, all others 0, or with " +
			"`losers: share` that of their own answer. The paper rewards each model's attempt with 1 for matching the collective answer, " +
			"which `filter` and the like make of it. Where two answers tie, all attempts abstain. Attempts of several seats are what the sampler panel makes.",
		Paper:   "Wisdom of the Crowd: Reinforcement Learning from Coevolutionary Collective Feedback (Yuan et al., 2025)",
		ID:      "S066",
		Example: "collective_vote: {}",
	}, newCollectiveVote)
}

// CollectiveVoteConfig configures collective_vote.
type CollectiveVoteConfig struct {
	Losers string `yaml:"losers" enum:"zero|share" default:"zero" doc:"Value of attempts that do not give the collective answer."`
	Extract
}

func newCollectiveVote(_ context.Context, _ core.Host, c CollectiveVoteConfig) (core.Verifier, error) {
	return groups{"collective_vote", "counting the votes of seats", collectiveVote{c}.judge}, nil
}

type collectiveVote struct{ cfg CollectiveVoteConfig }

func (c collectiveVote) judge(_ context.Context, eps []*core.Episode) ([]group, error) {
	all := make([]group, len(eps))
	for i, ep := range eps {
		own := map[string]*ballot{} // of each seat
		for _, r := range ep.Leaves() {
			seat := ep.Node(r).Actor
			if own[seat] == nil {
				own[seat] = newBallot()
			}
			own[seat].cast(r, c.cfg.vote(ep, r), 1)
		}
		poll := newBallot()
		for _, r := range ep.Leaves() {
			b := own[ep.Node(r).Actor]
			favourite, _ := b.winner()
			poll.cast(r, b.answers[r], b.share(favourite))
		}
		all[i].rulings = map[core.Ref]ruling{}
		for _, r := range ep.Leaves() {
			v := poll.ruling(r, c.cfg.Losers == "share")
			if !v.score.Abstain && len(own) > 1 {
				v.score.Rationale += fmt.Sprintf(", of %d seats", len(own))
			}
			all[i].rulings[r] = v
		}
	}
	return all, nil
}
