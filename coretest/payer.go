package coretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pawl/core"
)

// Payer is a core.Payer that remembers in memory what it bought: no budget, no
// bound on what is under way, and nothing outlives it. It is safe for concurrent
// use.
type Payer struct {
	Tries int                                                 // attempts at one purchase; 0 is 4
	Wait  func(ctx context.Context, d time.Duration) error    // between attempts; nil waits really
	Asked func(c core.Purchase, want []int) (refusal error)   // before each attempt, for budgets of tests; may be nil
	Told  func(sent core.Sent, err error, want []core.Digest) // after each attempt; may be nil

	mu      sync.Mutex
	kept    map[core.Key]core.Bought
	flights map[core.Key]chan struct{}
}

// Pay buys what is not known; see core.Payer.
func (p *Payer) Pay(ctx context.Context, c core.Purchase, send core.Send) ([]core.Bought, error) {
	r := c.Record
	r.Began = time.Now()
	if len(c.Keys) > 0 {
		r.Key = c.Keys[0]
	}
	out := make([]core.Bought, len(c.Keys))
	err := p.fill(ctx, c, send, out, &r)
	r.Took = time.Since(r.Began)
	for _, b := range out {
		if b.Reused {
			r.Reused++
		}
	}
	if err != nil {
		r.Err, out = err.Error(), nil
	} else if c.Nodes != nil && core.Listened(ctx) {
		r.Nodes = c.Nodes(out)
	}
	core.Called(ctx, r)
	return out, err
}

// fill gets every alternative: known ones at once, those that another purchase is
// after by waiting for it, the others by send.
func (p *Payer) fill(ctx context.Context, c core.Purchase, send core.Send, out []core.Bought, r *core.CallRecord) error {
	for {
		var mine []int
		var other, own chan struct{}
		p.mu.Lock()
		if p.kept == nil {
			p.kept, p.flights = map[core.Key]core.Bought{}, map[core.Key]chan struct{}{}
		}
		own = make(chan struct{})
		for i, k := range c.Keys {
			if out[i].Content != nil {
				continue
			}
			if b, ok := p.kept[k]; ok {
				out[i] = core.Bought{Content: b.Content, Reused: true}
			} else if f := p.flights[k]; f != nil {
				other = f
			} else {
				p.flights[k] = own
				mine = append(mine, i)
			}
		}
		p.mu.Unlock()
		switch {
		case len(mine) > 0:
			err := p.buy(ctx, c, send, mine, out, r)
			p.mu.Lock()
			for _, i := range mine {
				delete(p.flights, c.Keys[i])
			}
			p.mu.Unlock()
			close(own)
			if err != nil {
				return err
			}
		case other != nil:
			select {
			case <-other:
			case <-ctx.Done():
				return ctx.Err()
			}
		default:
			return nil
		}
	}
}

// buy sends until all of mine are there.
func (p *Payer) buy(ctx context.Context, c core.Purchase, send core.Send, mine []int, out []core.Bought, r *core.CallRecord) error {
	tries := 0
	for len(mine) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.Asked != nil {
			if err := p.Asked(c, mine); err != nil {
				return err
			}
		}
		sent, err := send(ctx, mine)
		if p.Told != nil {
			p.Told(sent, err, c.Keys)
		}
		r.Attempts++
		if err != nil {
			var e *core.SendError
			if !errors.As(err, &e) {
				r.Unknown++
				return err
			}
			r.Usage.Add(e.Usage)
			if e.Unknown {
				r.Unknown++
				r.Usage.Add(c.Ceiling)
			}
			most := p.Tries
			if most == 0 {
				most = 4
			}
			if tries++; !e.Again || tries >= most {
				return err
			}
			wait := p.Wait
			if wait == nil {
				wait = pause
			}
			if err := wait(ctx, max(e.After, 50*time.Millisecond<<tries)); err != nil {
				return err
			}
			continue
		}
		r.Usage.Add(sent.Usage)
		if len(sent.Results) == 0 || len(sent.Results) > len(mine) {
			return fmt.Errorf("buying %d alternatives: %d came", len(mine), len(sent.Results))
		}
		for k, res := range sent.Results {
			i := mine[k]
			out[i] = core.Bought{Content: res.Content, Usage: shareOf(sent.Usage, k, len(sent.Results))}
			if res.Flawed == "" {
				p.mu.Lock()
				p.kept[c.Keys[i]] = out[i]
				p.mu.Unlock()
			}
		}
		mine = mine[len(sent.Results):]
	}
	return nil
}

// shareOf is part k of n of a usage; the parts add up to it.
func shareOf(u core.Usage, k, n int) core.Usage {
	part := func(v int64) int64 { return v*int64(k+1)/int64(n) - v*int64(k)/int64(n) }
	return core.Usage{Calls: int(part(int64(u.Calls))), PromptTokens: part(u.PromptTokens), CompletionTokens: part(u.CompletionTokens), MicroUSD: part(u.MicroUSD)}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
