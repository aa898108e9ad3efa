package exec

import (
	"context"
	"sync"
	"time"
)

// Limits bound how many calls of one lane are under way at once. The bound
// adapts: it doubles from Start, a call at a time, until the server has too much
// to do; then it is halved, and grows by one call for each round of calls.
// It never falls below one, and no error closes a lane: a server with too much to
// do is asked by one call at a time, at growing intervals.
//
// Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for
// congestion avoidance in computer networks". Latency says little about load
// here: it follows the length of answers.
type Limits struct {
	Start int           // 0 is 8
	Most  int           // 0 is 16,384
	Rest  time.Duration // longest interval between calls that find the server busy; 0 is 10 s
}

func (l Limits) withDefaults() Limits {
	if l.Start == 0 {
		l.Start = 8
	}
	if l.Most == 0 {
		l.Most = 16 << 10
	}
	if l.Rest == 0 {
		l.Rest = 10 * time.Second
	}
	return l
}

// lane is the calls to one endpoint and model.
type lane struct {
	o PayerOptions

	mu        sync.Mutex
	limit     float64
	threshold float64 // below it the limit doubles per round
	underway  int
	queue     []chan struct{} // of those who wait, first come first served
	epoch     int             // raised by each decrease: calls sent before it tell nothing new
	slow      int             // decreases since a call was served
	restUntil time.Time
	rest      time.Duration // its length: no one waits longer, whatever the clock is set to
	rests     int           // how many there were
}

func newLane(o PayerOptions) *lane {
	return &lane{o: o, limit: float64(o.Limits.Start), threshold: float64(o.Limits.Most)}
}

// place is one call's in a lane.
type place struct {
	epoch int
	full  bool // the limit was what held calls back
	left  bool
}

// outcome is what a call tells of the server's load.
type outcome int

const (
	passed outcome = iota // nothing: it was not sent, or failed for another reason
	served
	slowed
)

func (l *lane) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}

// enter waits for a place, and for the end of a rest.
func (l *lane) enter(ctx context.Context) (*place, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	p := &place{}
	for slept := 0; ; {
		l.mu.Lock()
		rest := min(l.restUntil.Sub(l.o.Clock.Now()), l.rest)
		if rest <= 0 || slept == l.rests && slept > 0 {
			p.epoch, p.full = l.epoch, len(l.queue) > 0 || l.underway >= int(l.limit)
			l.mu.Unlock()
			return p, nil
		}
		slept = l.rests
		l.mu.Unlock()
		if err := l.o.Clock.Sleep(ctx, rest); err != nil {
			l.leave(p, passed, 0)
			return nil, context.Cause(ctx)
		}
	}
}

func (l *lane) wait(ctx context.Context) error {
	l.mu.Lock()
	if l.underway < int(l.limit) && len(l.queue) == 0 {
		l.underway++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.queue = append(l.queue, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-turn: // its turn came all the same: the place goes on to the next
		l.underway--
	default:
		for i, t := range l.queue {
			if t == turn {
				l.queue = append(l.queue[:i], l.queue[i+1:]...)
				break
			}
		}
	}
	l.admit()
	return context.Cause(ctx)
}

// admit gives free places to those who wait. The caller holds mu.
func (l *lane) admit() {
	for len(l.queue) > 0 && l.underway < int(l.limit) {
		l.underway++
		close(l.queue[0])
		l.queue = l.queue[1:]
	}
}

// leave gives a place back, once, with what its call told.
func (l *lane) leave(p *place, o outcome, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	l.underway--
	switch {
	case o == served && p.epoch == l.epoch:
		l.slow = 0
		if p.full {
			l.grow()
		}
	case o == slowed:
		l.shrink(p.epoch == l.epoch, after)
	}
	l.admit()
}

func (l *lane) grow() {
	if l.limit < l.threshold {
		l.limit++
	} else {
		l.limit += 1 / l.limit
	}
	l.limit = min(l.limit, float64(l.o.Limits.Most))
}

// shrink halves the limit, where the call is news, and lets the lane rest: for as
// long as the server asks, within reason, or if it stays busy.
func (l *lane) shrink(news bool, after time.Duration) {
	rest := time.Duration(0)
	if news {
		if l.slow++; l.slow == 1 {
			l.threshold = max(1, l.limit/2) // where it went well last
		} else {
			most := Retry{Base: l.o.Retry.Base, Longest: l.o.Limits.Rest}.backoff(l.slow - 1)
			rest = time.Duration(l.o.Rand() * float64(most))
		}
		l.limit = max(1, l.limit/2)
		l.epoch++
	}
	if after <= l.o.Retry.Patience {
		rest = max(rest, after)
	}
	now := l.o.Clock.Now()
	if left := min(l.restUntil.Sub(now), l.rest); rest > left {
		l.restUntil, l.rest = now.Add(rest), rest
		l.rests++
	}
}
