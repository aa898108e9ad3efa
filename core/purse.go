package core

import (
	"context"
	"errors"
)

// ErrSpent means that a call would cost more than its purse has left.
var ErrSpent = errors.New("the budget is reached")

// Purse holds what may be spent on behalf of a context. It is safe for concurrent
// use.
type Purse interface {
	// Reserve takes the most that a call can cost out of the purse, or gives
	// ErrSpent. settle, called once, puts back what the call did not use.
	Reserve(ceiling Usage) (settle func(used Usage), err error)
	// Left is how many tokens can still be reserved; less than 0 for any number.
	Left() int64
}

type purseKey struct{}

// WithPurse returns a context whose calls to models are paid out of p, and out of
// what an outer context's are.
func WithPurse(ctx context.Context, p Purse) context.Context {
	if outer, ok := ctx.Value(purseKey{}).(Purse); ok {
		p = both{p, outer}
	}
	return context.WithValue(ctx, purseKey{}, p)
}

// Reserve takes the most that a call can cost out of the purse of ctx. Actors of
// models call it before they act, payers before they send; where there is no
// purse, anything goes.
func Reserve(ctx context.Context, ceiling Usage) (settle func(used Usage), err error) {
	if p, ok := ctx.Value(purseKey{}).(Purse); ok {
		return p.Reserve(ceiling)
	}
	return func(Usage) {}, nil
}

// PurseLeft is how many tokens the purse of ctx has left; less than 0 for any
// number.
func PurseLeft(ctx context.Context) int64 {
	if p, ok := ctx.Value(purseKey{}).(Purse); ok {
		return p.Left()
	}
	return -1
}

// both is two purses that pay the same.
type both struct{ inner, outer Purse }

func (b both) Reserve(ceiling Usage) (func(Usage), error) {
	inner, err := b.inner.Reserve(ceiling)
	if err != nil {
		return nil, err
	}
	outer, err := b.outer.Reserve(ceiling)
	if err != nil {
		inner(Usage{})
		return nil, err
	}
	return func(used Usage) { inner(used); outer(used) }, nil
}

func (b both) Left() int64 {
	in, out := b.inner.Left(), b.outer.Left()
	if in < 0 || out >= 0 && out < in {
		return out
	}
	return in
}
