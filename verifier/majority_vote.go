package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("majority_vote", registry.Doc{
		Summary: "Judges an attempt by how many attempts at the same task give its answer; needs no labels.",
		Detail: "Attempts that give the most common answer get its share of the votes as value, all others 0, so that " +
			"`filter: {by: majority_vote, at_least: 0.5}` keeps exactly the attempts that agree with an answer of at " +
			"least half of the votes. With `losers: share` every attempt gets the share of its own answer. " +
			"The confidence is the share of the attempt's own answer. An attempt without an answer counts as a vote " +
			"for none. Where two answers tie for the most votes, all attempts abstain, " +
			"or with `ties: share` all that give one of them get the share, so that one is as good as another; the paper says nothing of ties. It also weighs votes by likelihood, and finds that no better than counting.",
		Paper:   "Self-Consistency Improves Chain of Thought Reasoning in Language Models (Wang et al., 2022)",
		Example: "majority_vote: {of: solver}",
	}, newMajorityVote)
}

// MajorityVoteConfig configures majority_vote.
type MajorityVoteConfig struct {
	Of     string `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts vote and are judged, or any, for the attempts of all together."`
	Losers string `yaml:"losers" enum:"zero|share" default:"zero" doc:"Value of attempts that do not give the most common answer."`
	Ties   string `yaml:"ties,omitzero" enum:"abstain|share" default:"abstain" doc:"What becomes of answers that tie for the most votes."`
	Extract
}

func newMajorityVote(_ context.Context, _ core.Host, c MajorityVoteConfig) (core.Verifier, error) {
	if c.Of == "" {
		c.Of = "solver"
	}
	return majorityVote{c}, nil
}

type majorityVote struct{ cfg MajorityVoteConfig }

// Answer is the vote of attempt r: its final answer in canonical form, "" for
// none. Metrics that compare answers ask for it.
func (m majorityVote) Answer(ep *core.Episode, r core.Ref) string {
	return m.cfg.vote(ep, r)
}

// Grouped is true: a vote is of all attempts.
func (m majorityVote) Grouped() bool { return true }

// of tells whether attempt r has a vote.
func (m majorityVote) of(ep *core.Episode, r core.Ref) bool { return playedBy(ep, r, m.cfg.Of) }

// Verify lets all leaves of the seat vote, and scores those among at. It reads
// the attempts alone, never the task's reference. Value and Confidence are
// shares of all attempts that vote, in 0..1.
func (m majorityVote) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("counting votes: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	poll := newBallot()
	for _, r := range ep.Leaves() {
		if m.of(ep, r) {
			poll.cast(r, m.cfg.vote(ep, r), 1)
		}
	}
	winner, tied := poll.winner()
	most := int(poll.votes[winner])
	var j core.Judgement
	for _, r := range at {
		if !m.of(ep, r) {
			continue
		}
		answer := poll.answers[r]
		share := poll.share(answer)
		s := core.Score{By: "majority_vote", Nodes: []core.Ref{r}, Confidence: share}
		switch {
		case tied == 0:
			s = abstain("majority_vote", r, "no attempt gives an answer")
		case tied > 1 && m.cfg.Ties != "share":
			s = abstain("majority_vote", r, fmt.Sprintf("%d answers tie with %d of %d votes", tied, most, len(poll.answers)))
		case answer == "":
			s.Rationale = "gives no answer"
		case int(poll.votes[answer]) == most:
			s.Value = share
			s.Rationale = fmt.Sprintf("%q has %d of %d votes", answer, most, len(poll.answers))
		default:
			if m.cfg.Losers == "share" {
				s.Value = share
			}
			s.Rationale = fmt.Sprintf("%q has %d of %d votes, %q has %d", answer, int(poll.votes[answer]), len(poll.answers), winner, most)
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}
