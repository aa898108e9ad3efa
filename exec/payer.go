package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"pawl/core"
)

// CallLedger is what a Payer needs of a store, written on behalf of whoever holds a
// lease. A *store.Lease is one.
type CallLedger interface {
	// Bought finds alternatives that were bought before.
	Bought(ctx context.Context, keys []core.Key) (map[core.Key]core.Bought, error)
	// Intend records, durably, that an attempt at keys is about to be sent on
	// behalf of scope, and the most that it can cost. Attempt 0 means that one
	// of them was bought meanwhile, and that nothing is recorded.
	Intend(ctx context.Context, scope, lane string, keys []core.Key, ceiling core.Usage) (attempt int64, err error)
	// Settle records, durably, how an attempt ended and what it brought. The
	// first result of a key stands: beaten are the keys of which another is in force.
	Settle(ctx context.Context, attempt int64, s core.Settlement) (beaten []core.Key, err error)
	// Spent is what was paid for on behalf of scope so far.
	Spent(ctx context.Context, scope string) (core.Spending, error)
}

// PayerOptions are those of NewPayer. Zero values are defaults.
type PayerOptions struct {
	// Account pays for calls whose context names none (see OnAccount).
	Account func(ctx context.Context) (*Account, error)
	Retry   Retry
	Limits  Limits
	Clock   Clock
	Rand    func() float64 // in [0, 1), for jitter
}

// Payer is the core.Payer over a ledger. It sends from its callers' goroutines and
// has none of its own.
//
//   - A key that is in the ledger is never sent.
//   - An intent, with the most that it can cost, is durable before it is sent; the
//     result before anyone sees it.
//   - Concurrent purchases of one key send once. Where the one that sends is
//     cancelled, another takes over.
//   - Nothing that failed, or that its sender calls flawed, is found again.
//   - It buys nothing twice to be faster (no hedging).
type Payer struct {
	o PayerOptions

	mu      sync.Mutex
	flights map[core.Key]*flown
	lanes   map[string]*lane
}

var _ core.Payer = (*Payer)(nil)

// flown is an alternative that is being bought; the rest is set when ended closes.
type flown struct {
	ended     chan struct{}
	followers int  // guarded by the payer
	landed    bool // the leader's own note
	bought    core.Bought
	err       error
	own       bool // err is the leader's own trouble: not an answer for others
}

// NewPayer makes a payer.
func NewPayer(o PayerOptions) *Payer {
	o.Retry, o.Limits = o.Retry.withDefaults(), o.Limits.withDefaults()
	if o.Clock == nil {
		o.Clock = SystemClock
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return &Payer{o: o, flights: map[core.Key]*flown{}, lanes: map[string]*lane{}}
}

// Limit is how many calls of a lane may be under way at once by now.
func (p *Payer) Limit(name string) int { return p.lane(name).now() }

func (p *Payer) lane(name string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.lanes[name]
	if !ok {
		l = newLane(p.o)
		p.lanes[name] = l
	}
	return l
}

// Pay buys the alternatives of c.
func (p *Payer) Pay(ctx context.Context, c core.Purchase, send core.Send) ([]core.Bought, error) {
	o := &order{payer: p, Purchase: c, send: send, out: make([]core.Bought, len(c.Keys))}
	began := p.o.Clock.Now()
	err := o.fill(ctx)
	rec := &o.Record
	if len(c.Keys) > 0 {
		rec.Key = c.Keys[0]
	}
	for _, b := range o.out {
		if b.Reused {
			rec.Reused++
		}
	}
	rec.Began, rec.Took = began, p.o.Clock.Now().Sub(began)
	if err != nil {
		rec.Err = err.Error()
	} else if c.Nodes != nil && core.Listened(ctx) {
		rec.Nodes = c.Nodes(o.out)
	}
	core.Called(ctx, *rec)
	if err != nil {
		return nil, err
	}
	return o.out, nil
}

// order is one purchase under way.
type order struct {
	core.Purchase
	payer   *Payer
	send    core.Send
	account *Account
	out     []core.Bought
}

// claim is an alternative of an order, and its flight.
type claim struct {
	i  int // in Keys
	fl *flown
}

// fill buys until nothing is missing: what nobody is buying itself, and then it
// waits for what others are. That order cannot end in two that wait for each
// other.
func (o *order) fill(ctx context.Context) (err error) {
	if o.account, err = o.payer.accountOf(ctx); err != nil {
		return err
	}
	missing := make([]int, len(o.Keys))
	for i := range missing {
		missing[i] = i
	}
	for len(missing) > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		led, followed := o.claim(missing)
		if err := o.lead(ctx, led); err != nil {
			return err
		}
		if missing, err = o.follow(ctx, followed); err != nil {
			return err
		}
	}
	return nil
}

func (p *Payer) accountOf(ctx context.Context) (*Account, error) {
	if a, ok := ctx.Value(accountKey{}).(*Account); ok {
		return a, nil
	}
	if p.o.Account == nil {
		return nil, errors.New("paying for a call: no account is named, and this payer has none of its own")
	}
	return p.o.Account(ctx)
}

func (o *order) claim(missing []int) (led, followed []claim) {
	p := o.payer
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range missing {
		if fl, ok := p.flights[o.Keys[i]]; ok {
			fl.followers++
			followed = append(followed, claim{i, fl})
			continue
		}
		fl := &flown{ended: make(chan struct{})}
		p.flights[o.Keys[i]] = fl
		led = append(led, claim{i, fl})
	}
	return led, followed
}

// land ends the flight of an alternative. Nobody shares bytes: a caller may write
// to its own.
func (o *order) land(c claim, b core.Bought, err error, own bool) {
	p, fl := o.payer, c.fl
	if fl.landed {
		return
	}
	fl.landed = true
	p.mu.Lock()
	delete(p.flights, o.Keys[c.i])
	p.mu.Unlock()
	fl.bought, fl.err, fl.own = b, err, own
	if fl.followers > 0 {
		fl.bought.Content = bytes.Clone(b.Content)
	}
	o.out[c.i] = b
	close(fl.ended)
}

// follow waits for what others are buying; again is what has to be claimed anew.
func (o *order) follow(ctx context.Context, followed []claim) (again []int, err error) {
	for _, c := range followed {
		select {
		case <-c.fl.ended:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		switch fl := c.fl; {
		case fl.own:
			again = append(again, c.i)
		case fl.err != nil:
			return nil, fl.err
		default:
			b := fl.bought
			b.Content, b.Reused = bytes.Clone(b.Content), true
			o.out[c.i] = b
		}
	}
	return again, nil
}

// lead buys what is claimed, and ends all its flights, whatever happens.
func (o *order) lead(ctx context.Context, open []claim) (err error) {
	own, ended := true, false
	defer func() {
		told := err
		if !ended {
			told = errors.New("the call for it has panicked")
		}
		for _, c := range open {
			o.land(c, core.Bought{}, told, own || ctx.Err() != nil)
		}
	}()
	open, own, err = o.buy(ctx, open)
	ended = true
	return err
}

// buy looks up what is open, then asks for what is missing until nothing is, or until
// it is no use: rest is not landed then, and own tells that the reason is this
// caller's, not the server's.
func (o *order) buy(ctx context.Context, open []claim) (rest []claim, own bool, err error) {
	if open, err = o.known(ctx, open); err != nil {
		return open, true, err
	}
	tries := retrying{Retry: o.payer.o.Retry, rand: o.payer.o.Rand}
	for len(open) > 0 {
		before := o.Record.Attempts
		rest, err := o.attempt(ctx, open)
		own := o.Record.Attempts == before // it was not sent
		switch {
		case errors.Is(err, errMeanwhile):
			if open, err = o.known(ctx, open); err != nil {
				return open, true, err
			}
		case err == nil:
			open = rest
		default:
			wait, again := tries.next(err)
			if !again || ctx.Err() != nil {
				return open, own, o.explain(err, tries)
			}
			if err := o.payer.o.Clock.Sleep(ctx, wait); err != nil {
				return open, true, o.explain(errors.Join(err, context.Cause(ctx)), tries)
			}
		}
	}
	return nil, false, nil
}

func (o *order) explain(err error, tries retrying) error {
	err = tries.impatient(err)
	if tries.failed > 1 {
		return fmt.Errorf("calling %s, attempt %d: %w", o.Lane, tries.failed, err)
	}
	return fmt.Errorf("calling %s: %w", o.Lane, err)
}

// known lands what the ledger has.
func (o *order) known(ctx context.Context, open []claim) (rest []claim, err error) {
	if len(open) == 0 {
		return nil, nil
	}
	found, err := o.account.ledger.Bought(ctx, o.keys(open))
	if err != nil {
		return open, err
	}
	for _, c := range open {
		if b, ok := found[o.Keys[c.i]]; ok {
			o.land(c, b, nil, false)
		} else {
			rest = append(rest, c)
		}
	}
	return rest, nil
}

func (o *order) keys(cs []claim) []core.Key {
	keys := make([]core.Key, len(cs))
	for i, c := range cs {
		keys[i] = o.Keys[c.i]
	}
	return keys
}
