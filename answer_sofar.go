package pawl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pawl/core"
)

// grace is how long attempts may be judged after the deadline: votes and rules take
// microseconds, and a model is asked nothing any more.
const grace = 100 * time.Millisecond

// sofar is the best answer so far: of the attempts that are complete, the one that
// the recipe's rule picks, or the first where its verifiers would have to ask a model;
// else what was said of an attempt that is not complete. Where there is nothing at
// all, why is returned.
func (x *answering) sofar(ctx context.Context, r *Reply, why error) (*core.Episode, error) {
	x.mu.Lock()
	calls, said := slices.Clone(x.calls), slices.Clone(x.said)
	x.mu.Unlock()
	task := x.question.Task
	fresh := func() *core.Episode { return core.NewEpisode(task, x.question.Seed) }
	ep := fresh()
	for _, c := range calls {
		if len(c.Request.Path) != len(task.Prompt) {
			continue // it continues something else than the question
		}
		for _, n := range c.Nodes {
			n.Parent, n.Actor = ep.Root(), c.Seat
			ep.Append(n)
		}
	}
	attempts := ep.Leaves()
	if len(attempts) == 0 {
		var b strings.Builder
		for _, d := range said {
			b.WriteString(d.Content)
		}
		if b.Len() == 0 {
			return nil, why
		}
		n := core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Content: b.String(), Finish: "length"}
		ep.Answer, r.Unverified = ep.Append(n), x.plan.Answer.By != ""
		return ep, nil
	}
	bounded, cancel := context.WithTimeout(core.WithPurse(ctx, noMoney{}), grace)
	defer cancel()
	judged := *ep
	judged.Nodes = slices.Clone(ep.Nodes)
	if err := x.run.Conclude(bounded, x.team, &judged); err == nil {
		return &judged, nil
	}
	ep.Answer, r.Unverified = attempts[0], true
	return ep, nil
}

// noMoney is a purse that pays for nothing.
type noMoney struct{}

func (noMoney) Reserve(core.Usage) (func(core.Usage), error) {
	return nil, fmt.Errorf("%w: nothing may be asked any more", core.ErrSpent)
}

func (noMoney) Left() int64 { return 0 }
