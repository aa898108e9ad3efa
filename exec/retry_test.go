package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/exec"
)

// failing sends as the errors say, then answers.
func failing(sends *int, errs ...error) core.Send {
	return func(_ context.Context, want []int) (core.Sent, error) {
		*sends++
		if *sends <= len(errs) {
			return core.Sent{}, errs[*sends-1]
		}
		return answers(core.Usage{Calls: 1}, want), nil
	}
}

func again(after time.Duration) error {
	return &core.SendError{Err: errors.New("busy"), Again: true, After: after}
}

// Waits double and are drawn from all of [0, most); what the server asks for is a
// floor; patience and attempts are bounded, and what is not worth it is not tried
// again.
func TestRetry(t *testing.T) {
	s := time.Second
	for name, c := range map[string]struct {
		retry exec.Retry
		rand  float64
		errs  []error
		sends int
		slept []time.Duration
		err   string
	}{
		"doubling":        {rand: 1, errs: slices.Repeat([]error{again(0)}, 8), sends: 9, slept: []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}},
		"full jitter":     {rand: 0.25, errs: slices.Repeat([]error{again(0)}, 3), sends: 4, slept: []time.Duration{s / 4, s / 2, s}},
		"a floor":         {rand: 0.5, errs: []error{again(3 * s), again(s / 2)}, sends: 3, slept: []time.Duration{3 * s, s}},
		"attempts":        {retry: exec.Retry{Attempts: 3}, rand: 0.5, errs: slices.Repeat([]error{again(0)}, 9), sends: 3, slept: []time.Duration{s / 2, s}, err: "calling at model, attempt 3: busy"},
		"patience":        {retry: exec.Retry{Patience: 5 * s}, rand: 1, errs: slices.Repeat([]error{again(0)}, 9), sends: 3, slept: []time.Duration{s, 2 * s}, err: "attempt 3: busy"},
		"a huge floor":    {errs: []error{again(9000 * time.Hour)}, sends: 1, err: "it asks to be left alone for 9000h0m0s, longer than a call waits (10m0s)"},
		"a useless try":   {errs: []error{&core.SendError{Err: errors.New("400")}}, sends: 1, err: "calling at model: 400"},
		"an unknown kind": {errs: []error{errors.New("odd")}, sends: 1, err: "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := coretest.NewClock()
			p, _ := newPayer(t, exec.PayerOptions{Retry: c.retry, Clock: clock, Rand: func() float64 { return c.rand }})
			sends := 0
			_, err := p.Pay(ctx, purchase("a"), failing(&sends, c.errs...))
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if sends != c.sends || fmt.Sprint(clock.Slept()) != fmt.Sprint(c.slept) {
				t.Errorf("sent %d times, waits %v; want %d, %v", sends, clock.Slept(), c.sends, c.slept)
			}
		})
	}
}

// Row 16: a clock that is set, forth or back, during a call neither ends its patience
// nor makes it wait longer, and what was bought is found at any time.
func TestRetryClockJumps(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{year, -year} {
		clock := coretest.NewClock()
		p, s := newPayer(t, exec.PayerOptions{Clock: clock, Rand: func() float64 { return 0.5 }})
		sends := 0
		slow := &core.SendError{Err: errors.New("429"), Again: true, Slow: true, After: 2 * time.Second}
		send := failing(&sends, slow, slow, slow)
		for range 3 {
			_, err := p.Pay(ctx, purchase("a"), func(ctx context.Context, want []int) (core.Sent, error) {
				clock.Advance(jump)
				return send(ctx, want)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		waited := time.Duration(0)
		for _, d := range clock.Slept() {
			waited += d
		}
		t.Logf("row 16: the clock jumps %s at each of 4 attempts: %s waited in all, %d repeats", jump, waited, sends-4)
		if sends != 4 || waited < 6*time.Second || waited > 20*time.Second {
			t.Errorf("sent %d times, waited %s: %v", sends, waited, clock.Slept())
		}
		if sum := spending(t, s); sum.Attempts != 4 || sum.Open != 0 {
			t.Errorf("recorded %+v", sum)
		}
	}
}
