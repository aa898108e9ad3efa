package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"pawl/core"
)

// mostAtOnce bounds the alternatives of one call; OpenAI takes no more.
const mostAtOnce = 128

// actor asks one model at one server. It implements core.BatchActor,
// core.Streamer, core.Scorer and core.Reader.
type actor struct {
	wire   *wire
	payer  core.Payer
	learnt *learnt

	seat     string
	options  core.Options
	name     core.ModelName
	base     string
	plain    bool   // asked for plain completions
	identity string // all of the name: enters keys
	policy   core.Digest
	price    Price
	priced   bool
}

var (
	_ core.BatchActor = (*actor)(nil)
	_ core.Streamer   = (*actor)(nil)
	_ core.Told       = (*actor)(nil)
	_ core.Reader     = (*actor)(nil)
	_ core.Scorer     = (*actor)(nil)
)

// shown is the model as people know it.
func (a *actor) shown() string { return Kind + ":" + a.name.Name + " at " + a.base }

func (a *actor) path() string {
	if a.plain {
		return plainPath
	}
	return chatPath
}

// canonical is what determines a request's answers and nothing else: of earlier
// turns, what is sent. The hidden side is not for models.
func (a *actor) canonical(r core.Request) core.Request {
	r.Options, r.Hidden = a.options.Merge(r.Options), nil
	path := make([]core.Node, len(r.Path))
	for i, n := range r.Path {
		path[i] = core.Node{Role: n.Role, Content: n.Content}
		if d := sent(n); len(d) > 0 {
			path[i].Data, _ = json.Marshal(d) // parsed just now
		}
	}
	r.Path = path
	return r
}

// Act asks for the alternatives: several in one call where the server is known to
// give several, else each in a call of its own. Where that is not known yet, two
// are asked for first.
func (a *actor) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r = a.canonical(r)
	form, err := formOf(r.Options)
	if err != nil {
		return nil, a.unserved("%w", err)
	}
	if r.N <= 1 {
		return a.buy(ctx, r, 0, r.N, form)
	}
	out, err := a.tryTwo(ctx, r, form)
	if err != nil {
		return nil, err
	}
	size := mostAtOnce
	if several, _, _ := a.learnt.know(); several == no {
		size = 1
	}
	from := len(out)
	parts := make([][]core.Node, (r.N-from+size-1)/size)
	err = together(len(parts), func(i int) error {
		lo := from + i*size
		var err error
		parts[i], err = a.buy(ctx, r, lo, min(size, r.N-lo), form)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}

// tryTwo asks for two alternatives where it is not known whether the server gives
// several in one call.
func (a *actor) tryTwo(ctx context.Context, r core.Request, form *form) ([]core.Node, error) {
	if several, _, _ := a.learnt.know(); several != unknown {
		return nil, nil
	}
	done, err := a.learnt.first(ctx)
	if err != nil {
		return nil, err
	}
	if done != nil {
		defer done()
	} else if several, _, _ := a.learnt.know(); several != unknown {
		return nil, nil
	}
	return a.buy(ctx, r, 0, 2, form)
}

// together does n things at once and waits for all of them, those that others'
// failures have made useless included: what they bring is kept by the payer. The
// error is the first's, in order.
func together(n int, f func(i int) error) error {
	if n == 1 {
		return f(0)
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ActBatch asks all at once; how many are under way is the payer's to bound. A
// refusal that all of them would meet ends the rest.
func (a *actor) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([][]core.Node, len(rs))
	err := together(len(rs), func(i int) error {
		var err error
		if out[i], err = a.Act(ctx, rs[i]); hopeless(err) {
			cancel(err)
		}
		return err
	})
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// hopeless tells whether a refusal is one of the key, the model or the address.
func hopeless(err error) bool {
	var s *StatusError
	return errors.As(err, &s) && (s.Status == 401 || s.Status == 403 || s.Status == 404)
}

// purchase is what is bought of r, whose options are merged: n alternatives from
// lo on.
func (a *actor) purchase(r core.Request, lo, n int) core.Purchase {
	bytes := len(r.Options.Tools) + len(r.Options.Schema) + len(r.Options.Extra)
	for _, t := range r.Path {
		bytes += len(t.Content) + len(t.Data)
	}
	limit := r.Options.MaxTokens
	if limit == 0 {
		limit = DefaultMaxTokens
	}
	p := core.Purchase{
		Keys: make([]core.Key, n), Lane: a.base + " " + a.name.Name, Unpriced: !a.priced,
		Ceiling: a.price.most(bytes, len(r.Path), n, limit),
		Record:  core.CallRecord{Seat: a.seat, Model: Kind + ":" + a.name.Name, Request: r},
		Nodes:   a.nodesOf,
	}
	p.Record.Request.First, p.Record.Request.N = r.First+lo, n
	for i := range n {
		p.Keys[i] = r.Key(a.identity, lo+i)
	}
	return p
}

// buy gives n alternatives of r from lo on.
func (a *actor) buy(ctx context.Context, r core.Request, lo, n int, form *form) ([]core.Node, error) {
	if n == 0 {
		return nil, nil
	}
	bought, err := a.payer.Pay(ctx, a.purchase(r, lo, n), func(ctx context.Context, want []int) (core.Sent, error) {
		return a.send(ctx, r, r.First+lo, want, form, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("sampling as %s: %w", a.seat, err)
	}
	return a.nodes(bought)
}

// nodes reads what was bought.
func (a *actor) nodes(bought []core.Bought) ([]core.Node, error) {
	out := make([]core.Node, len(bought))
	for i, b := range bought {
		if err := json.Unmarshal(b.Content, &out[i]); err != nil {
			return nil, fmt.Errorf("sampling as %s: reading a result that was kept: %w", a.seat, err)
		}
		out[i].Actor, out[i].Policy = a.seat, a.policy
	}
	return out, nil
}

// nodesOf is nodes for listeners, who are told what can be read.
func (a *actor) nodesOf(bought []core.Bought) []core.Node {
	nodes, _ := a.nodes(bought)
	return nodes
}
