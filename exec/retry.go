package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pawl/core"
)

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or with ctx's error before.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's. Setting its wall clock moves no wait.
var SystemClock Clock = systemClock{}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Retry bounds how often a call is tried, and how long that may take. This is
// the only layer that tries again: those above and below it must not.
//
// The wait before try k+1 is drawn evenly from [0, min(Longest, Base * 2^(k-1))):
// exponential backoff with full jitter. What the server asks for is a floor.
type Retry struct {
	Attempts int           // most; 0 is 12
	Base     time.Duration // 0 is 1 s
	Longest  time.Duration // most of a wait that the server did not ask for; 0 is 60 s
	Patience time.Duration // most that one call waits between its attempts, all together; 0 is 10 minutes
}

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 12
	}
	if r.Base == 0 {
		r.Base = time.Second
	}
	if r.Longest == 0 {
		r.Longest = time.Minute
	}
	if r.Patience == 0 {
		r.Patience = 10 * time.Minute
	}
	return r
}

// backoff is the upper end of the wait after failure number n.
func (r Retry) backoff(n int) time.Duration {
	if n > 30 {
		return r.Longest
	}
	return min(r.Longest, r.Base<<(n-1))
}

// retrying is one call's tries. Waits are added up rather than read off a clock,
// which may jump.
type retrying struct {
	Retry
	rand   func() float64
	failed int
	waited time.Duration
}

// next tells whether a failed attempt is made again, and after how long.
func (t *retrying) next(err error) (wait time.Duration, again bool) {
	t.failed++
	var told *core.SendError
	if !errors.As(err, &told) || !told.Again || t.failed >= t.Attempts {
		return 0, false
	}
	wait = max(told.After, time.Duration(t.rand()*float64(t.backoff(t.failed))))
	if t.waited += wait; t.waited > t.Patience {
		return 0, false
	}
	return wait, true
}

// impatient says that the server asks for more time than a call has.
func (t *retrying) impatient(err error) error {
	var told *core.SendError
	if errors.As(err, &told) && told.After > t.Patience {
		return fmt.Errorf("%w; it asks to be left alone for %s, longer than a call waits (%s)", err, told.After, t.Patience)
	}
	return err
}
