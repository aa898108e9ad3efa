package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"pawl/core"
)

// HonestBox is a core.Sandbox that holds nothing: it runs Python programs as
// plain processes, with a limit of time and none besides. It is for programs
// that a test wrote itself and that mean no harm.
type HonestBox struct{}

var _ core.Sandbox = HonestBox{}

// Identity says that it is no sandbox.
func (HonestBox) Identity() string { return "none, for tests" }

// Start starts python3 on the program, with its source as -c.
func (HonestBox) Start(ctx context.Context, p core.Program) (core.Process, error) {
	if p.Language != core.LanguagePython || len(p.Files) > 0 {
		return nil, fmt.Errorf("starting a program: HonestBox runs Python in one file, not %s", p.Language)
	}
	wall := p.Limits.Wall
	if wall == 0 {
		wall = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, wall)
	cmd := exec.CommandContext(ctx, "python3", append([]string{"-I", "-S", "-c", p.Source}, p.Args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	h := &honest{cmd: cmd, cancel: cancel, ctx: ctx}
	cmd.Stderr = &h.stderr
	var err error
	if h.stdin, err = cmd.StdinPipe(); err == nil {
		h.stdout, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("starting python3: %w", err)
	}
	return h, nil
}

// Run runs a program to its end.
func (b HonestBox) Run(ctx context.Context, p core.Program) (core.Ran, error) {
	started, err := b.Start(ctx, p)
	if err != nil {
		return core.Ran{}, err
	}
	defer started.Close()
	go func() {
		started.Stdin().Write(p.Stdin)
		started.Stdin().Close()
	}()
	out, err := io.ReadAll(started.Stdout())
	if err != nil {
		return core.Ran{}, err
	}
	ran, err := started.Wait()
	ran.Stdout = out
	return ran, err
}

type honest struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr bytes.Buffer
	cancel func()
	ctx    context.Context

	once sync.Once
	ran  core.Ran
	err  error
}

func (h *honest) Stdin() io.WriteCloser { return h.stdin }
func (h *honest) Stdout() io.Reader     { return h.stdout }

func (h *honest) Wait() (core.Ran, error) {
	h.once.Do(func() {
		err := h.cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			h.err = err
		}
		state := h.cmd.ProcessState
		h.ran = core.Ran{Exit: state.ExitCode(), Stderr: h.stderr.Bytes(), CPU: state.UserTime() + state.SystemTime()}
		if s, ok := state.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			h.ran.Signal = s.Signal().String()
		}
		if errors.Is(h.ctx.Err(), context.DeadlineExceeded) {
			h.ran.Exceeded = core.ExceededWall
		}
		h.cancel()
	})
	return h.ran, h.err
}

func (h *honest) Close() error {
	h.cancel()
	h.stdin.Close()
	h.Wait()
	return nil
}
