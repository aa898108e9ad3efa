package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/sandbox"
)

// What is run: a program that prints a line, so that nearly all of the time is
// what starting and ending it costs.
const program, printed = "print(6 * 7)\n", "42\n"

// sandboxSpeed sets running a program in a box beside running it with the same
// interpreter and no sandbox: the time from handing it over to having its
// answer, one at a time, and programs per second, several at once.
func sandboxSpeed(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	dir, err := os.MkdirTemp("", "pawl-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "main.py")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		return err
	}
	plain := func() error {
		out, err := exec.CommandContext(ctx, o.python, "-I", "-S", file).Output()
		if err == nil && string(out) != printed {
			err = fmt.Errorf("plain Python printed %q", out)
		}
		return err
	}
	boxed := func(s core.Sandbox) func() error {
		return func() error {
			ran, err := s.Run(ctx, core.Program{Language: core.LanguagePython, Source: program})
			if err == nil && string(ran.Stdout) != printed {
				err = fmt.Errorf("a box printed %q, %q", ran.Stdout, ran.Stderr)
			}
			return err
		}
	}
	for _, way := range []struct {
		what, kind string
		warm       int
	}{
		{"one program at a time, boxes ready", sandbox.Bubblewrap, 0},
		{"one program at a time, no boxes ready", sandbox.Bubblewrap, -1},
		{"one program at a time, gVisor", sandbox.GVisor, -1},
		{"one program at a time, Landlock", sandbox.Landlock, -1},
	} {
		s, err := sandbox.Open(sandbox.Options{Kind: way.kind, Python: o.python, Warm: way.warm})
		if way.kind != sandbox.Bubblewrap && errors.Is(err, sandbox.ErrUnavailable) {
			rep.note("%s: left out: %v", way.what, err)
			continue
		}
		if err != nil {
			return err
		}
		err = oneByOne(ctx, o, rep, way.what, boxed(s), plain)
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	for _, n := range []int{2, 8} {
		s, err := sandbox.Open(sandbox.Options{Python: o.python, Concurrency: n})
		if err != nil {
			return err
		}
		err = atOnce(ctx, o, rep, n, boxed(s), plain)
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// oneByOne takes the median of single times, in turns of the two sides.
func oneByOne(ctx context.Context, o *options, rep *reporter, what string, ours, theirs func() error) error {
	if !o.wants(what) {
		return nil
	}
	var times [2][]float64
	for range o.turns {
		for i, do := range []func() error{ours, theirs} {
			for begun := time.Now(); time.Since(begun) < o.slice; {
				start := time.Now()
				if err := do(); err != nil {
					return fmt.Errorf("%s: %w", what, err)
				}
				times[i] = append(times[i], float64(time.Since(start).Microseconds())/1000)
			}
			// Boxes that are being made ready are not the other side's burden.
			if err := rest(ctx, 50*time.Millisecond); err != nil {
				return err
			}
		}
	}
	a, b := median(times[0]), median(times[1])
	rep.note("%s: Pawl %.2f ms (%.2f to %.2f), plain Python %.2f ms (%.2f to %.2f)", what, a, quantile(times[0], 0.05), quantile(times[0], 0.95), b, quantile(times[1], 0.05), quantile(times[1], 0.95))
	rep.figure(figure{what: what, unit: "ms", less: true, ours: a, theirs: b})
	return nil
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quantile of sorted values.
func quantile(x []float64, q float64) float64 { return x[int(q*float64(len(x)-1))] }

// atOnce takes the median of rates with n programs at once, in turns.
func atOnce(ctx context.Context, o *options, rep *reporter, n int, ours, theirs func() error) error {
	what := fmt.Sprintf("programs, %d at once", n)
	if !o.wants(what) {
		return nil
	}
	var rates [2][]float64
	for range o.turns {
		for i, do := range []func() error{ours, theirs} {
			// Longer than the pool lasts: making boxes is part of the cost.
			rate, err := rateOf(n, 5*o.slice, do)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			rates[i] = append(rates[i], rate)
			if err := rest(ctx, 50*time.Millisecond); err != nil {
				return err
			}
		}
	}
	a, b := median(rates[0]), median(rates[1])
	rep.note("%s: Pawl %.0f/s (%.0f to %.0f), plain Python %.0f/s (%.0f to %.0f)", what, a, rates[0][0], rates[0][len(rates[0])-1], b, rates[1][0], rates[1][len(rates[1])-1])
	rep.add(what, "programs/s", a, b)
	return nil
}

// rateOf is how often a second do is done, by n at once for the time of slice.
func rateOf(n int, slice time.Duration, do func() error) (float64, error) {
	var wg sync.WaitGroup
	var done atomic.Int64
	errs := make([]error, n)
	start := time.Now()
	for i := range n {
		wg.Go(func() {
			for time.Since(start) < slice && errs[i] == nil {
				if errs[i] = do(); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	seconds := time.Since(start).Seconds()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return float64(done.Load()) / seconds, nil
}
