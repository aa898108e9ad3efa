package verifier

import (
	"pawl/core"
)

// ballot counts weighted votes for answers.
type ballot struct {
	answers map[core.Ref]string // of all who vote; "" is a vote for none
	votes   map[string]float64  // weight for each answer
	total   float64             // weight of all votes, those for none included
}

func newBallot() *ballot {
	return &ballot{answers: map[core.Ref]string{}, votes: map[string]float64{}}
}

// cast counts the vote of attempt r. A weight is not negative.
func (b *ballot) cast(r core.Ref, answer string, weight float64) {
	b.answers[r] = answer
	b.total += weight
	if answer != "" {
		b.votes[answer] += weight
	}
}

// winner is the answer of the greatest weight, and how many tie for it: 0 where
// there is no answer of any weight, and more than 1 where there is no winner.
// Sums that differ by rounding alone tie.
func (b *ballot) winner() (answer string, tied int) {
	most := 0.0
	for _, w := range b.votes {
		most = max(most, w)
	}
	if most == 0 {
		return "", 0
	}
	for a, w := range b.votes { // the result does not depend on the order of the map
		if w >= most*(1-1e-12) {
			tied++
			if answer == "" || a < answer {
				answer = a
			}
		}
	}
	return answer, tied
}

// share of the weight of all votes is that of an answer, in [0, 1]; "" has none.
func (b *ballot) share(answer string) float64 {
	if b.total == 0 || answer == "" {
		return 0
	}
	return b.votes[answer] / b.total
}

// playedBy tells whether a seat made attempt r; any did, and "" is the solver.
func playedBy(ep *core.Episode, r core.Ref, seat string) bool {
	return seat == "any" || ep.Node(r).Actor == seat || seat == "" && ep.Node(r).Actor == "solver"
}
