package outside

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
)

// Limits of one question and its answer.
type Limits struct {
	Wall   time.Duration
	Output int64 // bytes of the answer
}

// Pool asks processes that are kept from one question to the next. It starts
// them when they are wanted, up to a number, and anew after a failure or a long
// life. It is safe for concurrent use.
type Pool struct {
	start  func(ctx context.Context) (core.Process, error)
	greet  func(ctx context.Context, w *Worker) error // the first words with a fresh process; may be nil
	slots  chan struct{}
	closed chan struct{}

	mu   sync.Mutex
	free []*Worker
	gone bool
}

// A worker is let go after so many questions or so much of what it may say in
// its life, and when nobody has asked for a while: whoever forgets to close a
// pool leaves no process behind.
const (
	lifeAsks  = 10_000
	lifeIdle  = 20 * time.Second
	LifeSaid  = 256 << 20       // bytes; the output limit of a kept process is above it
	LifeSpan  = 6 * time.Hour   // the wall and CPU limits of a kept process
	lastWords = 2 * time.Second // for a process to end that has closed its output
)

// NewPool makes a pool of at most n processes.
func NewPool(n int, start func(context.Context) (core.Process, error), greet func(context.Context, *Worker) error) *Pool {
	return &Pool{start: start, greet: greet, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

// Use lends a process to f. One that f fails with is ended.
func (p *Pool) Use(ctx context.Context, f func(*Worker) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return errors.New("it was closed")
	}
	defer func() { <-p.slots }()
	w := p.pick()
	if w == nil {
		var err error
		if w, err = p.fresh(ctx); err != nil {
			return err
		}
	}
	err := f(w)
	if err != nil || !p.keep(w) {
		w.close()
	}
	return err
}

func (p *Pool) fresh(ctx context.Context) (*Worker, error) {
	process, err := p.start(context.WithoutCancel(ctx)) // it outlives the question
	if err != nil {
		return nil, err
	}
	w := &Worker{process: process, in: bufio.NewReader(process.Stdout()), born: time.Now()}
	if p.greet != nil {
		if err := p.greet(ctx, w); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (p *Pool) pick() *Worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) > 0 {
		w := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		if w.idle.Stop() {
			return w
		}
	}
	return nil
}

func (p *Pool) keep(w *Worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone || w.ended.Load() || w.asked >= lifeAsks || w.said > LifeSaid/2 || time.Since(w.born) > LifeSpan/2 {
		return false
	}
	w.idle = time.AfterFunc(lifeIdle, w.close)
	p.free = append(p.free, w)
	return true
}

// Close ends all processes. Questions that are being asked go on to their end.
func (p *Pool) Close() error {
	p.mu.Lock()
	free := p.free
	if !p.gone {
		p.gone = true
		close(p.closed)
	}
	p.free = nil
	p.mu.Unlock()
	for _, w := range free {
		w.idle.Stop()
		w.close()
	}
	return nil
}

// Worker is a process that is asked.
type Worker struct {
	process core.Process
	in      *bufio.Reader
	born    time.Time
	asked   int
	said    int64
	ended   atomic.Bool
	idle    *time.Timer
}

func (w *Worker) close() {
	w.ended.Store(true)
	_ = w.process.Close() // there is nothing to be done about it
}

// Ask writes question, which ends with a newline, and reads lines of an answer.
// The limits are of all of it. After an error the worker is of no use.
func (w *Worker) Ask(ctx context.Context, question []byte, lines int, l Limits) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.asked++
	if w.in.Buffered() > 0 {
		rest, _ := w.in.Peek(min(w.in.Buffered(), 60))
		return nil, fmt.Errorf("it writes more than its answer: %s", Brief(rest))
	}
	var late atomic.Bool
	timer := time.AfterFunc(l.Wall, func() {
		late.Store(true)
		w.close()
	})
	defer timer.Stop()
	defer context.AfterFunc(ctx, w.close)()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = w.process.Stdin().Write(question) // that it could not be written shows in the answer
	}()
	answer, err := w.read(lines, l.Output)
	if err == nil && !late.Load() {
		// A worker that answers before it has heard all is not waited for.
		select {
		case <-written:
			return answer, nil
		case <-time.After(l.Wall):
			err = errors.New("it answers before it has read what it is asked")
		}
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case late.Load():
		err = fmt.Errorf("it took longer than %v and was ended", l.Wall)
	case errors.Is(err, io.EOF):
		err = w.obituary()
	}
	w.close()
	<-written
	return nil, err
}

func (w *Worker) read(lines int, most int64) ([]byte, error) {
	var answer []byte
	for range lines {
		for {
			part, err := w.in.ReadSlice('\n')
			answer = append(answer, part...)
			w.said += int64(len(part))
			if int64(len(answer)) > most {
				return nil, fmt.Errorf("it writes more than %d KiB, beginning with %s", most>>10, Brief(answer))
			}
			if err == nil {
				break
			}
			if err != bufio.ErrBufferFull {
				return nil, err
			}
		}
	}
	return answer, nil
}

// obituary says how a process ended that has closed its output. One that has
// not ended by itself yet is ended.
func (w *Worker) obituary() error {
	type end struct {
		ran core.Ran
		err error
	}
	known := make(chan end, 1)
	go func() {
		ran, err := w.process.Wait()
		known <- end{ran, err}
	}()
	after := time.NewTimer(lastWords)
	defer after.Stop()
	select {
	case e := <-known:
		if e.err != nil {
			return fmt.Errorf("it ended, and nobody knows how: %w", e.err)
		}
		return Ended(e.ran)
	case <-after.C:
		w.close()
		e := <-known
		return errors.New("it closed its output without an answer" + lastLine(e.ran.Stderr))
	}
}

// Ended says how a program ended that should have answered.
func Ended(ran core.Ran) error {
	said := lastLine(ran.Stderr)
	switch {
	case ran.Exceeded != "":
		return fmt.Errorf("it reached the limit of %s and was ended%s", ran.Exceeded, said)
	case ran.Signal != "":
		return fmt.Errorf("it was ended by %s%s", ran.Signal, said)
	case ran.Exit != 0:
		return fmt.Errorf("it ended with status %d%s", ran.Exit, said)
	}
	return errors.New("it ended without an answer" + said)
}

// lastLine is the end of what a program complained of, for messages.
func lastLine(errs []byte) string {
	lines := strings.Split(string(bytes.TrimSpace(errs)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return ": " + Cut(last, 200)
	}
	return ""
}
