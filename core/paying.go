package core

import (
	"context"
	"time"
)

// Payer makes calls that cost money: each alternative is bought once, and what
// was bought is durable before anyone sees it. It is the one layer that retries,
// that bounds concurrency and that holds spending to its cap.
type Payer interface {
	// Pay gives what each key stands for, in the order of c.Keys: from what was
	// bought before, else by send. Concurrent purchases of one key send once.
	Pay(ctx context.Context, c Purchase, send Send) ([]Bought, error)
}

// Purchase is one request to a model that others serve.
type Purchase struct {
	Keys    []Key  // of the alternatives wanted
	Lane    string // endpoint and model: what concurrency adapts for
	Ceiling Usage  // the most that one attempt at all of them can cost; reserved before it is sent
	// Record is told of to listeners of calls (see WithCalls) when the purchase has
	// ended; the payer fills in Key, Reused, Attempts, Began, Took, Usage, Unknown, Err.
	Record CallRecord
}

// Bought is one alternative.
type Bought struct {
	Content []byte // as send gave it
	Usage   Usage  // its share of what the attempt cost that brought it
	Reused  bool   // known before: nothing was sent for it now
}

// Send makes one attempt at the alternatives want, indices into the purchase's
// Keys. Its errors are SendErrors where anything is known of them; others are
// not tried again, and their outcome counts as unknown.
type Send func(ctx context.Context, want []int) (Sent, error)

// Sent is what an attempt brought.
type Sent struct {
	Results []SentResult // one an alternative wanted, or fewer where the server gave fewer
	Usage   Usage        // of the whole attempt
}

// SentResult is one alternative as it came.
type SentResult struct {
	Content []byte
	// Flawed says what keeps it from being kept as a success: it is empty, cut
	// short of what was asked, or not what it claims. It is handed on once and
	// never found again.
	Flawed string
}

// SendError is an attempt that failed.
type SendError struct {
	Err     error
	Again   bool          // the same request may fare better later
	Slow    bool          // the server has too much to do: fewer at a time
	After   time.Duration // it asks to be left alone for so long; a floor
	Usage   Usage         // what it cost, where that is known
	Unknown bool          // whether it cost anything is not known
}

func (e *SendError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *SendError) Unwrap() error { return e.Err }
