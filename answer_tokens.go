package pawl

import (
	"context"
	"fmt"

	"pawl/core"
)

// tokens tells the answers by their tokens: as they were streamed, where they were;
// else the actor of their seat is asked.
func (x *answering) tokens(ctx context.Context, r *Reply) ([][]core.Token, error) {
	x.mu.Lock()
	var said []core.Token
	for _, d := range x.said {
		said = append(said, d.Tokens...)
	}
	x.mu.Unlock()
	if len(said) > 0 && len(r.Answers) == 1 {
		return [][]core.Token{said}, nil
	}
	all := make([][]core.Token, len(r.Answers))
	for i, at := range r.Answers {
		n := r.Episode.Node(at)
		seat, ok := x.plan.Seat(n.Actor)
		if !ok {
			return nil, &core.UnservedError{Err: fmt.Errorf("logprobs: the answer comes from no seat of the recipe")}
		}
		actor, err := x.run.Models.Actor(ctx, x.team[seat.Policy], seat.Name, seat.Options)
		if err != nil {
			return nil, err
		}
		told, ok := actor.(core.Told)
		if !ok {
			return nil, &core.UnservedError{Err: fmt.Errorf("logprobs: the model does not tell an answer by its tokens; leave logprobs out")}
		}
		if all[i], err = told.Tell(ctx, r.Episode.PathNodes(at), x.question.Task.Options.TopLogprobs); err != nil {
			return nil, err
		}
	}
	return all, nil
}
