package core

import (
	"context"
	"time"
)

// CallRecord is one request to a model as it ended: what accounts and traces are
// made of. A model that others serve may have been asked several times for it;
// Usage is of all of them, those that failed or were cancelled included.
type CallRecord struct {
	Seat     string        `json:"seat"`
	Model    string        `json:"model"`            // as its users name it
	Key      Key           `json:"key,omitempty"`    // of the first alternative, where results are kept
	Reused   int           `json:"reused,omitempty"` // alternatives that were known, and cost nothing
	Attempts int           `json:"attempts"`         // that reached the model
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took"` // nanoseconds
	Usage    Usage         `json:"usage"`
	Unknown  int           `json:"unknown,omitempty"` // attempts whose outcome, and so cost, nobody knows; Usage has their estimate
	Err      string        `json:"err,omitempty"`

	Request Request `json:"-"`
	Nodes   []Node  `json:"-"`
}

type callsKey struct{}

// WithCalls returns a context on whose behalf told hears of every call to a
// model, also of what an outer context hears. It is called from any goroutine.
func WithCalls(ctx context.Context, told func(CallRecord)) context.Context {
	if outer, ok := ctx.Value(callsKey{}).(func(CallRecord)); ok {
		inner := told
		told = func(c CallRecord) { inner(c); outer(c) }
	}
	return context.WithValue(ctx, callsKey{}, told)
}

// Called tells whoever listens to ctx of a call. Actors of models call it once a
// request; actors that wrap others do not.
func Called(ctx context.Context, c CallRecord) {
	if told, ok := ctx.Value(callsKey{}).(func(CallRecord)); ok {
		told(c)
	}
}

// Listened tells whether anybody hears of calls made on behalf of ctx.
func Listened(ctx context.Context) bool { return ctx.Value(callsKey{}) != nil }
