package exec_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pawl/core"
	"pawl/exec"
)

// busy is what a server with too much to do says.
func busy(after time.Duration) error {
	return &core.SendError{Err: errors.New("429: too many requests"), Again: true, Slow: true, After: after}
}

// crowd is callers that each make one call after the other, for a while on the
// bubble's clock.
type crowd struct {
	payer *exec.Payer
	until time.Time
	serve func(ctx context.Context) error // the server: it takes its time, and refuses

	mu       sync.Mutex
	attempts map[string]int
	done     []time.Time
	failed   []error
}

func (c *crowd) run(callers int) {
	c.attempts = map[string]int{}
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for n := 0; time.Now().Before(c.until); n++ {
				c.call(fmt.Sprint(i, " ", n))
			}
		})
	}
	wg.Wait()
}

func (c *crowd) call(name string) {
	_, err := c.payer.Pay(ctx, purchase(name), func(ctx context.Context, want []int) (core.Sent, error) {
		c.mu.Lock()
		c.attempts[name]++
		c.mu.Unlock()
		if err := c.serve(ctx); err != nil {
			return core.Sent{}, err
		}
		return answers(core.Usage{Calls: 1}, want), nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed = append(c.failed, err)
	} else {
		c.done = append(c.done, time.Now())
	}
}

// served counts the calls that ended in [from, from+length).
func (c *crowd) served(from time.Time, length time.Duration) (n int) {
	for _, at := range c.done {
		if !at.Before(from) && at.Before(from.Add(length)) {
			n++
		}
	}
	return n
}

// Row 8: for 60 s a server refuses everything. No call fails, few are tried often, the
// lane never closes, and the old pace is back soon after.
func TestStorm(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Second} {
		t.Run(fmt.Sprint("Retry-After ", after), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { storm(t, after) }) })
	}
}

func storm(t *testing.T, after time.Duration) {
	const callers, calm, length = 64, time.Minute, time.Minute
	p, s := newPayer(t, exec.PayerOptions{Clock: exec.SystemClock})
	start := time.Now()
	begin, end := start.Add(calm), start.Add(calm+length)
	lowest, refused := callers, 0
	var mu sync.Mutex
	c := &crowd{payer: p, until: end.Add(2 * time.Minute), serve: func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		lowest = min(lowest, p.Limit("at model"))
		if now := time.Now(); !now.Before(begin) && now.Before(end) {
			refused++
			return busy(after)
		}
		mu.Unlock()
		time.Sleep(time.Second)
		mu.Lock()
		return nil
	}}
	c.run(callers)
	if len(c.failed) > 0 {
		t.Fatalf("%d calls failed, the first with %v", len(c.failed), c.failed[0])
	}
	before := c.served(begin.Add(-20*time.Second), 20*time.Second)
	most, first, back := 0, time.Duration(-1), time.Duration(-1)
	for _, n := range c.attempts {
		most = max(most, n)
	}
	for after := time.Duration(0); after < 2*time.Minute; after += time.Second {
		if first < 0 && c.served(end, after+time.Second) > 0 {
			first = after
		}
		if back < 0 && c.served(end.Add(after), 10*time.Second)*2*10 >= before*9 {
			back = after
		}
	}
	total := 0
	for _, n := range c.attempts {
		total += n
	}
	t.Logf("row 8, Retry-After %s: %d calls, %d attempts refused in 60 s, %.3f attempts a call, %d at most; served again after %s, 90%% of the pace after %s",
		after, len(c.attempts), refused, float64(total)/float64(len(c.attempts)), most, first, back)
	if lowest < 1 || most > 12 || refused > 4*callers || first < 0 || back < 0 {
		t.Errorf("limit down to %d, %d attempts at one call, %d refused, served after %s, the pace after %s", lowest, most, refused, first, back)
	}
	if sum := spending(t, s); int(sum.Attempts) != total || sum.Open != 0 {
		t.Errorf("recorded %+v", sum)
	}
}

// The limit finds how many calls a server takes at once: it starts low, uses most of
// what there is, and is refused little.
func TestLimitAdapts(t *testing.T) {
	for _, capacity := range []int{1, 20, 100} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPayer(t, exec.PayerOptions{Clock: exec.SystemClock})
				start := time.Now()
				var mu sync.Mutex
				now, most, refused, total, ended := 0, 0, 0, 0, 0
				c := &crowd{payer: p, until: start.Add(5 * time.Minute), serve: func(context.Context) error {
					mu.Lock()
					if total++; ended == 0 {
						most = max(most, now+1) // at first
					}
					if now >= capacity {
						refused++
						mu.Unlock()
						return busy(0)
					}
					now++
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					now--
					ended++
					mu.Unlock()
					return nil
				}}
				c.run(3 * capacity)
				if len(c.failed) > 0 {
					t.Fatalf("%d calls failed: %v", len(c.failed), c.failed[0])
				}
				used := float64(len(c.done)) / float64(capacity) / time.Since(start).Seconds()
				t.Logf("a server of %d at once: %.0f%% of it is used, %.1f%% of attempts are refused", capacity, 100*used, 100*float64(refused)/float64(total))
				if used < 0.6 || float64(refused) > 0.4*float64(total) || most > 8 {
					t.Errorf("%.2f used, %d of %d refused", used, refused, total)
				}
			})
		})
	}
}

// Row 9: a floor that a server sets holds for all who call it; one beyond reason fails
// the call that met it, at once, and holds up nobody else.
func TestFloorIsTheLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPayer(t, exec.PayerOptions{Clock: exec.SystemClock})
		start := time.Now()
		floors := []time.Duration{20 * time.Second, 9000 * time.Hour}
		for _, after := range floors {
			_, err := p.Pay(ctx, purchase(fmt.Sprint(after)), failing(new(int), busy(after)))
			if (err == nil) != (after == floors[0]) {
				t.Errorf("%s: %v", after, err)
			}
			if err != nil {
				break
			}
			if got := time.Since(start); got < after || got > after+time.Second {
				t.Errorf("a floor of %s is waited for %s", after, got)
			}
			t.Logf("row 9: asked for %s, waited %s: %s too long", after, time.Since(start), time.Since(start)-after)
		}
		began := time.Now()
		if _, err := p.Pay(ctx, purchase("another"), failing(new(int))); err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("another call waits %s: %v", time.Since(began), err)
		}
		t.Logf("row 9: asked for %s: fails at once, the next call waits %s", floors[1], time.Since(began))
		// Those who come while the lane rests wait as long as it was asked to.
		sent := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := p.Pay(ctx, purchase("first"), failing(&sent, busy(30*time.Second))); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		began = time.Now()
		if _, err := p.Pay(ctx, purchase("second"), failing(new(int))); err != nil || time.Since(began) < 30*time.Second {
			t.Errorf("the second call waits %s: %v", time.Since(began), err)
		}
		wg.Wait()
		// Who gives up while waiting leaves nothing behind.
		c, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		wg.Go(func() {
			if _, err := p.Pay(ctx, purchase("third"), failing(new(int), busy(30*time.Second))); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if _, err := p.Pay(c, purchase("fourth"), failing(&sent)); !errors.Is(err, context.DeadlineExceeded) || sent != 2 {
			t.Errorf("a caller with a second: %v", err)
		}
		wg.Wait()
		if _, err := p.Pay(ctx, purchase("fifth"), failing(new(int))); err != nil {
			t.Error(err)
		}
	})
}
