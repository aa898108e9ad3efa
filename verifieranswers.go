package pawl

import (
	"context"

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
	err := p.judgeWorlds(ctx, policy, o, func(v *visit, name string, spec core.Spec, j *jury, eps []*core.Episode, right [][]bool) error {
		judged, _, err := j.scored(ctx, spec, eps)
		if err != nil {
			return err
		}
		w := WorldAnswers{World: v.name, Verifier: name, Tasks: len(eps)}
		for i, ep := range judged {
			// Leaves that a judge appended are no attempts: those follow the root.
			best, found := JudgedAnswer{Task: ep.Task.ID}, false
			for k, ok := range right[i] {
				s, scored := ep.ScoreOf(spec.Label(), ep.Root()+1+core.Ref(k))
				if scored && !s.Abstain && (!found || s.Value > best.Value) {
					best.Value, best.Right, found = s.Value, ok, true
				}
			}
			if found {
				w.Answers = append(w.Answers, best)
			}
		}
		all = append(all, w)
		return nil
	})
	return all, err
}
