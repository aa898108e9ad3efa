package verifier

import (
	"context"
	"fmt"

	"pawl/core"
)

// item is one attempt to be judged.
type item struct {
	ep *core.Episode
	at core.Ref
}

// text is the attempt.
func (it item) text() string { return attempt(it.ep, it.at) }

// about names the attempt among all, for seeds.
func (it item) about() string { return fmt.Sprintf("%s#%d", it.ep.Task.ID, it.at) }

// ruling is the judgement of one item: its score, perhaps the judge's own node,
// and what it cost. By and Nodes of the score are filled in by attempts.
type ruling struct {
	score core.Score
	node  *core.Node // Via points at it
	usage core.Usage
}

// said is a ruling with a value in [0, 1] and how sure of it the judge is.
func said(value, confidence float64, why string) ruling {
	return ruling{score: core.Score{Value: value, Confidence: confidence, Rationale: why}}
}

// silent is a ruling that abstains.
func silent(why string) ruling {
	return ruling{score: core.Score{Abstain: true, Rationale: why}}
}

// attempts makes a verifier of a function that judges attempts, each for itself
// and many at once. The ruling on one may not depend on which others it is
// given.
type attempts struct {
	by    string // the component's name
	doing string // for errors: "asking whether attempts are right"
	judge func(ctx context.Context, items []item) ([]ruling, error)
}

// Verify judges attempts of one episode.
func (a attempts) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("%s: %w", a.doing, err)
	}
	js, err := a.all(ctx, []*core.Episode{ep}, [][]core.Ref{at})
	if err != nil {
		return core.Judgement{}, fmt.Errorf("%s: task %s: %w", a.doing, ep.Task.ID, err)
	}
	return js[0], nil
}

// VerifyBatch judges all leaves of all episodes together.
func (a attempts) VerifyBatch(ctx context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	at := make([][]core.Ref, len(eps))
	for i, ep := range eps {
		var err error
		if at[i], err = targets(ep, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", a.doing, err)
		}
	}
	js, err := a.all(ctx, eps, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.doing, err)
	}
	return js, nil
}

func (a attempts) all(ctx context.Context, eps []*core.Episode, at [][]core.Ref) ([]core.Judgement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var items []item
	for i, ep := range eps {
		for _, r := range at[i] {
			items = append(items, item{ep, r})
		}
	}
	js := make([]core.Judgement, len(eps))
	if len(items) == 0 {
		return js, nil
	}
	rulings, err := a.judge(ctx, items)
	if err != nil {
		return nil, err
	}
	next := 0
	for i, ep := range eps {
		j := &js[i]
		for _, r := range at[i] {
			v := rulings[next]
			next++
			s := v.score
			s.By, s.Nodes = a.by, []core.Ref{r}
			if v.node != nil {
				n := *v.node
				n.Parent = ep.Root() // below the task: an attempt stays a leaf
				j.Nodes = append(j.Nodes, n)
				s.Via = core.Ref(len(ep.Nodes) + len(j.Nodes))
			}
			j.Scores = append(j.Scores, s)
			j.Usage.Add(v.usage)
		}
	}
	return js, nil
}
