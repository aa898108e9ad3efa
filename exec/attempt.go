package exec

import (
	"context"
	"errors"
	"fmt"

	"pawl/core"
)

// errMeanwhile says that somebody else bought some of it before it was sent.
var errMeanwhile = errors.New("it was bought meanwhile")

// attempt sends once for what is open, and lands what that brought: first a place
// in the lane, then the money, then the durable intent. rest is what is still
// missing.
func (o *order) attempt(ctx context.Context, open []claim) (rest []claim, err error) {
	lane := o.payer.lane(o.Lane)
	place, err := lane.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer lane.leave(place, passed, 0) // unless it was left before
	if err := o.account.purse.debts.settle(ctx, o.account.ledger); err != nil {
		return nil, err
	}
	if err := o.account.reserve(ctx, o.Ceiling, o.Unpriced); err != nil {
		return nil, err
	}
	cost := core.Usage{}
	defer func() { o.account.settle(o.Ceiling, cost) }()
	settle, err := core.Reserve(ctx, o.Ceiling)
	if err != nil {
		return nil, err
	}
	defer func() { settle(cost) }()
	id, err := o.account.ledger.Intend(ctx, o.account.scope, o.Lane, o.keys(open), o.Ceiling)
	if err != nil {
		return nil, err
	}
	if id == 0 {
		return nil, errMeanwhile
	}
	sent, failure := o.ask(ctx, open)
	var told *core.SendError // nil where nothing is known of a failure
	errors.As(failure, &told)
	switch {
	case failure == nil:
		lane.leave(place, served, 0)
	case told != nil && told.Slow:
		lane.leave(place, slowed, told.After)
	default:
		lane.leave(place, passed, 0)
	}
	s, results := o.settlement(sent, failure, told, open)
	cost = s.Usage
	o.Record.Usage.Add(cost)
	// What was paid for is recorded although ctx may be over by now.
	keep := context.WithoutCancel(ctx)
	beaten, err := o.account.ledger.Settle(keep, id, s)
	if err != nil {
		o.account.purse.debts.add(id, s)
		return nil, errors.Join(err, failure)
	}
	if len(beaten) > 0 {
		return o.overtaken(keep, open, results, beaten)
	}
	for i, r := range results {
		o.land(open[i], r, nil, false)
	}
	return open[len(results):], failure
}

// settlement is what the ledger keeps of an attempt; results are what it brought, kept
// or not, with their shares of its cost.
func (o *order) settlement(sent core.Sent, failure error, told *core.SendError, open []claim) (s core.Settlement, results []core.Bought) {
	if failure != nil {
		s.Cause = failure.Error()
		if told != nil && !told.Unknown {
			s.Usage = told.Usage
		} else {
			s.Usage, s.Unknown = o.Ceiling, true
			o.Record.Unknown++
		}
		return s, nil
	}
	s.Usage = sent.Usage
	results = shared(sent, len(open))
	for i, r := range results {
		if sent.Results[i].Flawed == "" {
			s.Keys, s.Bought = append(s.Keys, o.Keys[open[i].i]), append(s.Bought, r)
		}
	}
	return s, results
}

// ask sends, unless nobody waits any more; a panic leaves the outcome unknown.
func (o *order) ask(ctx context.Context, open []claim) (sent core.Sent, err error) {
	if ctx.Err() != nil {
		return sent, &core.SendError{Err: context.Cause(ctx)}
	}
	o.Record.Attempts++
	defer recoverInto(&err)
	want := make([]int, len(open))
	for i, c := range open {
		want[i] = c.i
	}
	sent, err = o.send(ctx, want)
	if err == nil && len(sent.Results) == 0 {
		err = &core.SendError{Err: fmt.Errorf("it gave none of the %d answers wanted, and no error", len(open)), Usage: sent.Usage}
	}
	if err != nil {
		sent = core.Sent{}
	}
	return sent, err
}

// shared are the results with their shares of what the attempt cost: equal ones,
// whose sum is exact.
func shared(sent core.Sent, most int) []core.Bought {
	n := min(len(sent.Results), most)
	out := make([]core.Bought, n)
	for i := range out {
		out[i].Content = sent.Results[i].Content
		u, part := &out[i].Usage, func(all int64) int64 { return share(all, int64(i), int64(n)) }
		u.Calls = int(part(int64(sent.Usage.Calls)))
		u.PromptTokens, u.CompletionTokens = part(sent.Usage.PromptTokens), part(sent.Usage.CompletionTokens)
		u.MicroUSD = part(sent.Usage.MicroUSD)
	}
	return out
}

func share(all, i, n int64) int64 {
	s := all / n
	if i < all%n {
		s++
	}
	return s
}

// overtaken lands results of which others are in force: those count, so that all
// who ask see the same.
func (o *order) overtaken(ctx context.Context, open []claim, results []core.Bought, beaten []core.Key) ([]claim, error) {
	found, err := o.account.ledger.Bought(ctx, beaten)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		if b, ok := found[o.Keys[open[i].i]]; ok {
			r = b
		}
		o.land(open[i], r, nil, false)
	}
	return open[len(results):], nil
}
