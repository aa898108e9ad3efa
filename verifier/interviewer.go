package verifier

import (
	"context"
	"errors"
	"fmt"

	"pawl/core"
	"pawl/prompt"
)

// Asking is embedded by verifiers that put a question to a seat.
type Asking struct {
	Seat string `yaml:"seat" ref:"seat" default:"solver" doc:"Seat that is asked."`
}

// interviewer puts the questions of one template to one seat.
type interviewer struct {
	seat  string
	actor core.Actor
	asker *prompt.Asker
	seed  uint64
}

// newInterviewer is how the named template is asked of a seat.
func newInterviewer(h core.Host, seat, template string) (*interviewer, error) {
	if seat == "" {
		seat = "solver"
	}
	actor, err := h.Actor(seat)
	if err != nil {
		return nil, err
	}
	asker, err := prompt.For(h, template, seat)
	if err != nil {
		return nil, err
	}
	return &interviewer{seat, actor, asker, h.Seed()}, nil
}

// question is one thing to ask.
type question struct {
	data prompt.Data
	// about names what the question is of, that equal questions about different
	// things have streams of their own; equal names draw equal replies.
	about   string
	n       int // replies wanted; 0 is 1
	options core.Options
}

// reply is what was said to a question, or why it could not be put: one that the
// dialect of the seat cannot hold, or its context.
type reply struct {
	path    []core.Node // the question as it was put
	nodes   []core.Node
	unasked string
}

// usage counts the call and the tokens of its replies.
func (r reply) usage() core.Usage {
	if r.unasked != "" {
		return core.Usage{}
	}
	return used(r.nodes)
}

// render words questions. A question that cannot be worded is not asked.
func (a *interviewer) render(qs []question) ([]reply, error) {
	replies := make([]reply, len(qs))
	for i, q := range qs {
		path, err := a.asker.Render(q.data)
		if unfit := (*prompt.UnfitError)(nil); errors.As(err, &unfit) {
			replies[i].unasked = err.Error()
			continue
		}
		if err != nil {
			return nil, err
		}
		replies[i].path = path
	}
	return replies, nil
}

// ask puts all questions, together where the actor takes them together. Reply i
// is to question i.
func (a *interviewer) ask(ctx context.Context, qs []question) ([]reply, error) {
	replies, err := a.render(qs)
	if err != nil {
		return nil, err
	}
	var requests []core.Request
	var of []int
	for i, q := range qs {
		if replies[i].unasked == "" {
			seed := core.NewHasher("ask").Uint(a.seed).String(q.about).Seed()
			requests = append(requests, core.Request{Path: replies[i].path, N: max(q.n, 1), Seed: seed, Options: q.options})
			of = append(of, i)
		}
	}
	all, long, err := core.Fitting(requests, func(rs []core.Request) ([][]core.Node, error) { return actAll(ctx, a.actor, rs) })
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", a.seat, err)
	}
	for k, i := range of {
		if long[k] {
			replies[i].unasked = "the question is too long for " + a.seat
		} else {
			replies[i].nodes = all[k]
		}
	}
	return replies, nil
}

// actAll makes all requests, one by one of an actor that takes no batches.
func actAll(ctx context.Context, actor core.Actor, rs []core.Request) ([][]core.Node, error) {
	if b, ok := actor.(core.BatchActor); ok {
		return b.ActBatch(ctx, rs)
	}
	all := make([][]core.Node, len(rs))
	for i, r := range rs {
		var err error
		if all[i], err = actor.Act(ctx, r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// scoreAll gives the log-probs of the tokens of each path's last node. Those of
// paths that the actor cannot hold are nil.
func scoreAll(ctx context.Context, seat string, actor core.Actor, paths [][]core.Node) ([][]float32, error) {
	scorer, ok := actor.(core.Scorer)
	if !ok {
		return nil, fmt.Errorf("scoring with %s: its model gives no log-probabilities of given text; name a seat whose model does", seat)
	}
	scores, _, err := core.Fitting(paths, func(part [][]core.Node) ([][]float32, error) { return scorer.Score(ctx, part) })
	if err != nil {
		return nil, fmt.Errorf("scoring with %s: %w", seat, err)
	}
	return scores, nil
}
