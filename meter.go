package pawl

import (
	"context"
	"sync/atomic"

	"pawl/core"
	"pawl/loop"
)

// meter counts the tokens that models read and write for whoever asks them:
// prompts, replies and scored texts alike.
type meter struct {
	loop.Models
	tokens atomic.Int64
}

// Dialect is that of the models, where they know one.
func (m *meter) Dialect(ctx context.Context, p core.Policy) (string, error) {
	if d, ok := m.Models.(loop.Dialects); ok {
		return d.Dialect(ctx, p)
	}
	return "", nil
}

// local is all that the model of this process can do.
type local interface {
	core.BatchActor
	core.Scorer
	core.Reader
	core.TokenValuer
	core.Instrumented
}

func (m *meter) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	a, err := m.Models.Actor(ctx, p, seat, o)
	if l, ok := a.(local); ok && err == nil {
		return &metered{l, m}, nil
	}
	return a, err
}

type metered struct {
	local
	meter *meter
}

// read counts the tokens of a path, once for all replies to it. Of what cannot be
// encoded the actor itself complains.
func (a *metered) read(path []core.Node) {
	if ids, err := a.Tokens(path); err == nil {
		a.meter.tokens.Add(int64(len(ids)))
	}
}

func (a *metered) wrote(nodes []core.Node) {
	for _, n := range nodes {
		a.meter.tokens.Add(int64(len(n.TokenIDs)))
	}
}

func (a *metered) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	nodes, err := a.local.Act(ctx, r)
	a.read(r.Path)
	a.wrote(nodes)
	return nodes, err
}

func (a *metered) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	all, err := a.local.ActBatch(ctx, rs)
	for i := range all {
		a.read(rs[i].Path)
		a.wrote(all[i])
	}
	return all, err
}

func (a *metered) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	all, err := a.local.Score(ctx, paths)
	for i := range all {
		a.read(paths[i][:len(paths[i])-1])
		a.meter.tokens.Add(int64(len(all[i])))
	}
	return all, err
}

func (a *metered) Read(ctx context.Context, paths [][]core.Node, r core.Reading) ([]core.Observation, error) {
	all, err := a.local.Read(ctx, paths, r)
	for i := range all {
		a.read(paths[i][:len(paths[i])-1])
		a.meter.tokens.Add(int64(len(all[i].Raw)))
	}
	return all, err
}

func (a *metered) Values(ctx context.Context, paths [][]core.Node) ([]float64, error) {
	all, err := a.local.Values(ctx, paths)
	for i := range all {
		a.read(paths[i])
	}
	return all, err
}

func (a *metered) TokenValues(ctx context.Context, paths [][]core.Node) ([]core.TokenValues, error) {
	all, err := a.local.TokenValues(ctx, paths)
	for i := range all {
		a.read(paths[i])
	}
	return all, err
}
