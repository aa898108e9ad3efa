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
	in int // position of the episode among those judged together
}

// text is the attempt.
func (it item) text() string { return attempt(it.ep, it.at) }

// about names the attempt among all, for seeds.
func (it item) about() string { return fmt.Sprintf("%s#%d", it.ep.Task.ID, it.at) }

// ruling is the judgement of one item: its score, perhaps the judge's own node,
// and what it cost. By and Nodes of the score are filled in by attempts.
type ruling struct {
	score core.Score
	node  *core.Node  // Via points at it
	chain []core.Node // what led to node, in order, each the child of the one before
	steps []float64   // values of chain and node, where these are steps of the attempt
	usage core.Usage
	// parts are the judgements that the ruling is made of, where there are several:
	// each becomes a score of its own, before the ruling's, so that judges can be
	// judged and learnt from.
	parts []ruling
	// of are scores on other nodes that the attempt has: its earlier steps, the
	// judgements of it; pairs those on pairs of them.
	of    map[core.Ref]core.Score
	pairs []core.Score
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
	whole := at == nil
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("%s: %w", a.doing, err)
	}
	js, err := a.all(ctx, []*core.Episode{ep}, [][]core.Ref{at}, whole)
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
	js, err := a.all(ctx, eps, at, true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.doing, err)
	}
	return js, nil
}

// all judges the nodes at of each episode. Where these are whole episodes, what
// else the attempts have is scored too, each node once, with the mean of what the
// attempts that share it got.
func (a attempts) all(ctx context.Context, eps []*core.Episode, at [][]core.Ref, whole bool) ([]core.Judgement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var items []item
	for i, ep := range eps {
		for _, r := range at[i] {
			items = append(items, item{ep: ep, at: r, in: i})
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
		others := map[core.Ref][]core.Score{}
		for _, r := range at[i] {
			v := rulings[next]
			next++
			for _, p := range v.parts {
				j.Scores = append(j.Scores, a.score(ep, r, p, j))
			}
			for r, s := range v.of {
				others[r] = append(others[r], s)
			}
			for _, s := range v.pairs {
				s.By = a.by
				j.Scores = append(j.Scores, s)
			}
			j.Scores = append(j.Scores, a.score(ep, r, v, j))
			j.Usage.Add(v.usage)
		}
		for r := ep.Root() + 1; whole && int(r) <= len(ep.Nodes); r++ {
			if all := others[r]; len(all) > 0 {
				s := core.Score{By: a.by, Nodes: []core.Ref{r}, Rationale: all[0].Rationale}
				for _, x := range all {
					s.Value += x.Value / float64(len(all))
				}
				j.Scores = append(j.Scores, s)
			}
		}
	}
	return js, nil
}

// score is the score that v gives attempt r. The judge's nodes are appended to
// j below the task, never below the attempt, which stays a leaf; so are scores of
// its own of them.
func (a attempts) score(ep *core.Episode, r core.Ref, v ruling, j *core.Judgement) core.Score {
	s := v.score
	s.By, s.Nodes = a.by, []core.Ref{r}
	if v.node != nil {
		s.Via = hang(ep, j, append(v.chain[:len(v.chain):len(v.chain)], *v.node)...)
		first := s.Via - core.Ref(len(v.chain))
		for k, value := range v.steps {
			j.Scores = append(j.Scores, core.Score{By: a.by, Nodes: []core.Ref{first + core.Ref(k)}, Value: value, Rationale: fmt.Sprintf("step %d", k+1)})
		}
	}
	return s
}

// hang appends a judge's nodes to j, the first below the task and each below the
// one before, and returns the last.
func hang(ep *core.Episode, j *core.Judgement, nodes ...core.Node) core.Ref {
	parent := ep.Root()
	for _, n := range nodes {
		n.Parent = parent
		j.Nodes = append(j.Nodes, n)
		parent = core.Ref(len(ep.Nodes) + len(j.Nodes))
	}
	return parent
}
