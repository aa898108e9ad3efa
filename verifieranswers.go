package pawl

import (
	"context"
	"math"

	"pawl/core"
)

// JudgedAnswer is the attempt at one task to which a verifier gives its greatest
// value, the first of equal ones: what a recipe that answers by it would say.
type JudgedAnswer struct {
	Task  string
	Value float64
	Right bool
}

// WorldAnswers are the answers by one verifier in one world, in the order of the
// tasks. Tasks on which it abstains have none.
type WorldAnswers struct {
	World    string
	Verifier string
	Tasks    int // asked
	Answers  []JudgedAnswer
}

// VerifierAnswers lets each verifier choose among a policy's samples of each task
// and tells what its values were and whether the choice is right. With one sample
// nothing is chosen: the values are of that one. Sample k of a task is the same
// however many are drawn.
func (p *Pawl) VerifierAnswers(ctx context.Context, policy core.Policy, o VerifierOptions) ([]WorldAnswers, error) {
	if o.Samples < 1 {
		return nil, inputf("judging answers: %d samples of a task: at least 1 is needed", o.Samples)
	}
	var all []WorldAnswers
	o.Verdicts = func(row VerifierRow, of []Verdicts) {
		w := WorldAnswers{World: row.World, Verifier: row.Verifier, Tasks: len(of)}
		for _, v := range of {
			best, found := JudgedAnswer{Task: v.Task.ID}, false
			for k, value := range v.Values {
				if !math.IsNaN(value) && (!found || value > best.Value) {
					best.Value, best.Right, found = value, v.Right[k], true
				}
			}
			if found {
				w.Answers = append(w.Answers, best)
			}
		}
		all = append(all, w)
	}
	_, err := p.judged(ctx, policy, o)
	return all, err
}
