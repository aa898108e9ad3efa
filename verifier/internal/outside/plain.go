package outside

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"pawl/core"
)

// Plain runs programs that the user vouches for, as child processes with the
// user's own environment and rights. It bounds time, output and, on Linux,
// memory, and what a program leaves running ends with it; nothing else is
// confined.
type Plain struct {
	Interpreter string // of LanguagePython; "" is python3
}

var _ core.Sandbox = Plain{}

// Identity says that nothing of the machine enters: the user vouches for it.
func (Plain) Identity() string { return "plain" }

// Run runs p to its end.
func (b Plain) Run(ctx context.Context, p core.Program) (core.Ran, error) {
	c, err := b.start(ctx, p)
	if err != nil {
		return core.Ran{}, err
	}
	defer c.Close()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = c.stdin.Write(p.Stdin) // a program may end without reading all
		c.stdin.Close()
	}()
	out, _ := io.ReadAll(c.Stdout()) // an error is the end of it
	ran, err := c.Wait()
	c.Close()
	<-fed
	ran.Stdout = out
	if ctx.Err() != nil {
		return core.Ran{}, ctx.Err()
	}
	return ran, err
}

// Start starts p for a conversation.
func (b Plain) Start(ctx context.Context, p core.Program) (core.Process, error) {
	return b.start(ctx, p)
}

func (b Plain) start(ctx context.Context, p core.Program) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	args := p.Args
	switch p.Language {
	case core.LanguagePython:
		python := b.Interpreter
		if python == "" {
			python = "python3"
		}
		args = append([]string{python, "-c", p.Source}, p.Args...)
	case core.LanguageCommand:
	default:
		return nil, fmt.Errorf("running a trusted program: %q is neither python nor a command", p.Language)
	}
	if len(args) == 0 {
		return nil, errors.New("running a trusted program: there is no command")
	}
	return start(ctx, args, p.Limits)
}

// child is a process and all that it starts.
type child struct {
	cmd    *exec.Cmd
	limits core.Limits
	mark   string // in the environment of all that it starts
	stdin  *os.File
	stdout *os.File
	errs   *os.File
	begun  time.Time

	tail     tail          // of standard error
	read     atomic.Int64  // bytes of standard output
	exceeded atomic.Value  // string
	ended    chan struct{} // closed once the process, and what it left, is gone
	quiet    chan struct{} // closed once standard error is read
	ran      core.Ran
	timer    *time.Timer
	unhook   func() bool
	closing  sync.Once
}

func start(ctx context.Context, args []string, limits core.Limits) (_ *child, err error) {
	c := &child{limits: limits, mark: "PAWL_VERIFIER=" + rand.Text(), begun: time.Now(), ended: make(chan struct{}), quiet: make(chan struct{})}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			for _, f := range []*os.File{c.stdin, c.stdout, c.errs} {
				if f != nil {
					f.Close()
				}
			}
		}
	}()
	pipe := func(ours **os.File, reads bool) *os.File {
		r, w, perr := os.Pipe()
		if perr != nil {
			err = errors.Join(err, perr)
			return nil
		}
		mine, other := w, r
		if reads {
			mine, other = r, w
		}
		*ours = mine
		theirs = append(theirs, other)
		return other
	}
	in, out, errs := pipe(&c.stdin, false), pipe(&c.stdout, true), pipe(&c.errs, true)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", args[0], err)
	}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Env = append(os.Environ(), c.mark)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = in, out, errs
	c.cmd.SysProcAttr = apart()
	// The kernel ends the child when the thread that started it ends: this
	// goroutine keeps one of its own until then.
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.reap()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("running %s: %w", args[0], err)
	}
	bound(c.cmd.Process.Pid, limits)
	go func() {
		defer close(c.quiet)
		_, _ = io.Copy(&c.tail, c.errs) // the end of it, or its closing
	}()
	if limits.Wall > 0 {
		c.timer = time.AfterFunc(limits.Wall, func() { c.end(core.ExceededWall) })
	}
	c.unhook = context.AfterFunc(ctx, func() { c.end("") })
	return c, nil
}

// reap waits for the process, then ends what it left behind.
func (c *child) reap() {
	_ = c.cmd.Wait() // the state says more than the error
	sweep(c.cmd.Process.Pid, c.mark, c.begun)
	s := c.cmd.ProcessState
	c.ran = core.Ran{Exit: s.ExitCode(), Wall: time.Since(c.begun), CPU: s.UserTime() + s.SystemTime()}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		c.ran.Signal = signalName(w.Signal())
	}
	// What is in the pipes may still be read; nobody is there to write more.
	soon := time.Now().Add(time.Second)
	_ = c.stdout.SetReadDeadline(soon)
	_ = c.errs.SetReadDeadline(soon)
	close(c.ended)
}

// end kills the process, for reaching a limit where one is named.
func (c *child) end(limit string) {
	if limit != "" {
		c.exceeded.CompareAndSwap(nil, limit)
	}
	select {
	case <-c.ended:
	default:
		kill(c.cmd.Process)
	}
}

func (c *child) Stdin() io.WriteCloser { return c.stdin }

func (c *child) Stdout() io.Reader { return (*childOutput)(c) }

// childOutput reads standard output as far as the limit.
type childOutput child

func (o *childOutput) Read(b []byte) (int, error) {
	c := (*child)(o)
	if most := c.limits.Output; most > 0 {
		left := most - c.read.Load()
		if left <= 0 {
			// More may come or not: a program that stopped just here is within its limit.
			var one [1]byte
			if n, err := c.stdout.Read(one[:]); n == 0 {
				return 0, io.EOF
			} else if err == nil {
				c.end(core.ExceededOutput)
			}
			return 0, io.EOF
		}
		b = b[:min(int64(len(b)), left)]
	}
	n, err := c.stdout.Read(b)
	c.read.Add(int64(n))
	if err != nil && err != io.EOF {
		err = io.EOF // closed, or left open by something that is gone
	}
	return n, err
}

func (c *child) Wait() (core.Ran, error) {
	<-c.ended
	<-c.quiet
	ran := c.ran
	ran.Stderr = c.tail.bytes()
	ran.Exceeded, _ = c.exceeded.Load().(string)
	return ran, nil
}

func (c *child) Close() error {
	c.closing.Do(func() {
		if c.timer != nil {
			c.timer.Stop()
		}
		c.unhook()
		c.end("")
		<-c.ended
		<-c.quiet
		c.stdin.Close()
		c.stdout.Close()
		c.errs.Close()
	})
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b[max(0, len(b)-tailSize):]...)
	t.end = t.end[max(0, len(t.end)-tailSize):]
	return len(b), nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.end...)
}
