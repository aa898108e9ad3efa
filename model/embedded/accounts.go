package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/nn"
)

// account is what one request of a call may cost, and has cost: for its purse, and
// for whoever listens to its context.
type account struct {
	a       *actor
	request core.Request
	began   time.Time
	prompt  int64
	drawn   atomic.Int64     // tokens, those of samples that never ended included
	ended   []*nn.Completion // by sample; nil where one did not end
	settle  func(core.Usage) // nil before anything was reserved
	short   bool             // the purse pays for fewer samples than were asked for
	wrap    func([]nn.Completion) []core.Node
}

// open reserves what a request can cost at most. Where the purse holds less, the
// prompt is cut to as many samples as it pays for; to a single shorter one where it
// pays for none. Without listener and purse there is nothing to account for: nil.
func (a *actor) open(ctx context.Context, r core.Request, p *nn.Prompt) (*account, error) {
	left := core.PurseLeft(ctx)
	if left < 0 && !core.Listened(ctx) {
		return nil, nil
	}
	c := &account{a: a, request: r, began: time.Now(), prompt: int64(len(p.Tokens)), settle: func(core.Usage) {}}
	limit := int64(a.model.Config().Context - len(p.Tokens))
	if p.MaxTokens > 0 {
		limit = min(limit, int64(p.MaxTokens))
	}
	limit = max(limit, 1)
	for {
		settle, err := core.Reserve(ctx, core.Usage{Calls: 1, PromptTokens: c.prompt, CompletionTokens: int64(p.N) * limit})
		if err == nil {
			c.settle = settle
			break
		}
		if !errors.Is(err, core.ErrSpent) {
			return nil, err
		}
		c.short = true
		// Others draw on the purse too, so that this may have to be tried again.
		room := core.PurseLeft(ctx) - c.prompt
		switch n := room / limit; {
		case p.N == 0 || room < 1:
			p.N = 0
			return c, nil
		case n >= 1:
			p.N = min(int(n), p.N-1)
		default:
			p.N, limit = 1, min(room, limit-1)
			p.MaxTokens = int(limit)
		}
		if limit < 1 {
			p.N = 0
		}
	}
	c.ended = make([]*nn.Completion, p.N)
	told := p.OnToken
	p.OnToken = func(sample int, token int32, logp float32) {
		c.drawn.Add(1)
		if told != nil {
			told(sample, token, logp)
		}
	}
	return c, nil
}

// close settles the account and tells of the call.
func (c *account) close(ctx context.Context, err error) {
	used := core.Usage{Calls: 1, PromptTokens: c.prompt, CompletionTokens: c.drawn.Load()}
	if c.ended == nil {
		used = core.Usage{}
	}
	c.settle(used)
	if !core.Listened(ctx) {
		return
	}
	record := core.CallRecord{
		Seat: c.a.seat, Model: c.a.name(), Attempts: 1, Began: c.began, Took: time.Since(c.began),
		Usage: used, Request: c.request,
	}
	for _, done := range c.ended {
		if done != nil {
			record.Nodes = append(record.Nodes, c.wrap([]nn.Completion{*done})...)
		}
	}
	if err != nil {
		record.Err = err.Error()
	}
	core.Called(ctx, record)
}

// books opens an account for each request; read makes nodes of the samples of one.
func (a *actor) books(ctx context.Context, rs []core.Request, prompts []nn.Prompt, read func(i int, list []nn.Completion) []core.Node) (accounts, error) {
	var all accounts
	for i := range rs {
		c, err := a.open(ctx, rs[i], &prompts[i])
		if err != nil {
			return nil, all.close(ctx, err)
		}
		if c != nil {
			c.wrap = func(list []nn.Completion) []core.Node { return read(i, list) }
			all = append(all, c)
		}
	}
	return all, nil
}

// accounts are those of the requests of one call; nil where nobody asks for them.
type accounts []*account

func (all accounts) emit() func(*nn.Completion) {
	if all == nil {
		return nil
	}
	return func(c *nn.Completion) {
		x := all[c.Prompt]
		x.ended[c.Sample-x.request.First] = c
	}
}

// close settles all accounts. Samples that the purse did not pay for are an error.
func (all accounts) close(ctx context.Context, err error) error {
	for _, c := range all {
		mine := err
		if mine == nil && c.short {
			mine = fmt.Errorf("sampling as %s: %d of %d samples: %w", c.a.seat, len(c.ended), c.request.N, core.ErrSpent)
		}
		c.close(ctx, mine)
		if err == nil {
			err = mine
		}
	}
	return err
}

// name is the model as traces have it: embedded models go by their versions.
func (a *actor) name() string { return "embedded@" + a.version.Short() }

// reading accounts for texts that are read and not drawn: tokens is how many.
// It gives what to call when they have been read.
func (a *actor) reading(ctx context.Context, paths [][]core.Node, tokens int64) (end func(error) error, err error) {
	settle, err := core.Reserve(ctx, core.Usage{Calls: 1, PromptTokens: tokens})
	if err != nil {
		return nil, fmt.Errorf("reading as %s: %w", a.seat, err)
	}
	began := time.Now()
	return func(err error) error {
		used := core.Usage{Calls: 1, PromptTokens: tokens}
		settle(used)
		if core.Listened(ctx) {
			record := core.CallRecord{Seat: a.seat, Model: a.name(), Attempts: 1, Began: began, Took: time.Since(began), Usage: used}
			if len(paths) > 0 {
				record.Request.Path = paths[0]
			}
			if err != nil {
				record.Err = err.Error()
			}
			core.Called(ctx, record)
		}
		return err
	}, nil
}
