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
	// Nodes are what the listeners' record says was answered, given what was bought;
	// nil where nobody needs to know.
	Nodes func([]Bought) []Node
	// Unpriced says that the ceiling's dollars are not known: a payer that holds
	// spending to a cap in dollars refuses the purchase.
	Unpriced bool
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
	Again   bool          // the same request may fare better later, and nothing of its answer was handed on yet
	Slow    bool          // the server has too much to do: fewer at a time
	After   time.Duration // it asks to be left alone for so long; a floor
	Usage   Usage         // what it cost, where that is known
	Unknown bool          // whether it cost anything is not known: it is priced at the purchase's ceiling
}

func (e *SendError) Error() string {
	if e.Err == nil {
		return "it failed"
	}
	return e.Err.Error()
}

// Unwrap gives the reason.
func (e *SendError) Unwrap() error { return e.Err }

// Settlement is how an attempt at a purchase ended, as ledgers keep it.
type Settlement struct {
	Usage   Usage  // what it cost; where that is unknown, the most that it can have cost
	Unknown bool   // whether it cost anything is not known
	Cause   string // of failure; "" where it was answered
	// Keys of the alternatives that it brought and that are to be kept, and
	// beside them what they are.
	Keys   []Key
	Bought []Bought
}

// Spending is what was paid for on behalf of someone.
type Spending struct {
	Settled  Usage `json:"settled"`           // attempts that ended, those of unknown outcome at their estimate
	Reserved Usage `json:"reserved,omitzero"` // attempts that were sent and of which nothing was heard: at work, or killed
	Attempts int64 `json:"attempts"`
	Unknown  int64 `json:"unknown,omitempty"` // attempts that ended, and nobody knows how
	Open     int64 `json:"open,omitempty"`    // those of Reserved
}

// Total is the most that all of it can have cost.
func (s Spending) Total() Usage {
	u := s.Settled
	u.Add(s.Reserved)
	return u
}
