package verifier

import (
	"context"
	"fmt"

	"pawl/core"
)

// groups makes a verifier of a function that judges all attempts at a task
// together, for many tasks at once.
type groups struct {
	by    string // the component's name
	doing string // for errors: "counting votes"
	// judge gives a ruling on every leaf that it is about, of each episode.
	judge func(ctx context.Context, eps []*core.Episode) ([]group, error)
}

// group is what became of the attempts of one episode. Attempts without a ruling
// get no score: the verifier is not about them.
type group struct {
	rulings map[core.Ref]ruling // node of a ruling is not looked at: see nodes
	nodes   []core.Node         // of those who were asked; Via of a score counts past the episode's own
	usage   core.Usage
}

// Grouped is true: the judgement of an attempt depends on the others.
func (groups) Grouped() bool { return true }

// Verify judges all leaves of ep, and gives the scores of those among at.
func (g groups) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("%s: %w", g.doing, err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	found, err := g.judge(ctx, []*core.Episode{ep})
	if err != nil {
		return core.Judgement{}, fmt.Errorf("%s: task %s: %w", g.doing, ep.Task.ID, err)
	}
	return g.judgement(found[0], at), nil
}

// VerifyBatch judges many episodes together.
func (g groups) VerifyBatch(ctx context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, ep := range eps {
		if _, err := targets(ep, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", g.doing, err)
		}
	}
	js := make([]core.Judgement, len(eps))
	if len(eps) == 0 {
		return js, nil
	}
	found, err := g.judge(ctx, eps)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.doing, err)
	}
	for i, ep := range eps {
		js[i] = g.judgement(found[i], ep.Leaves())
	}
	return js, nil
}

func (g groups) judgement(found group, at []core.Ref) core.Judgement {
	j := core.Judgement{Nodes: found.nodes, Usage: found.usage}
	for _, r := range at {
		if v, ok := found.rulings[r]; ok {
			v.score.By, v.score.Nodes = g.by, []core.Ref{r}
			j.Scores = append(j.Scores, v.score)
		}
	}
	return j
}

// inner is a verifier that another one asks.
type inner struct {
	core.Verifier
	label string
}

// newInner builds the verifier that a component's configuration names.
func newInner(ctx context.Context, h core.Host, s core.Spec) (inner, error) {
	built, err := h.Build(ctx, s)
	if err != nil {
		return inner{}, err
	}
	v, ok := built.(core.Verifier)
	if !ok {
		return inner{}, fmt.Errorf("%s is no verifier", s.Label())
	}
	return inner{v, s.Label()}, nil
}

// all judges all leaves of all episodes.
func (n inner) all(ctx context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	if b, ok := n.Verifier.(core.BatchVerifier); ok {
		return b.VerifyBatch(ctx, eps)
	}
	js := make([]core.Judgement, len(eps))
	for i, ep := range eps {
		var err error
		if js[i], err = n.Verify(ctx, ep, nil); err != nil {
			return nil, err
		}
	}
	return js, nil
}

// byAttempt are the scores of a judgement on single attempts.
func byAttempt(j core.Judgement) map[core.Ref]core.Score {
	scores := map[core.Ref]core.Score{}
	for _, s := range j.Scores {
		if len(s.Nodes) == 1 {
			scores[s.Nodes[0]] = s
		}
	}
	return scores
}
