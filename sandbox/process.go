//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
)

const mainFile = "main.py"

// Run runs a program to its end.
func (s *Sandbox) Run(ctx context.Context, p core.Program) (core.Ran, error) {
	pr, err := s.begin(ctx, p)
	if err != nil {
		return core.Ran{}, err
	}
	defer pr.Close()
	go func() {
		pr.box.stdin.Write(p.Stdin) // a program need not read it
		pr.box.stdin.Close()
	}()
	out, rerr := io.ReadAll(pr.Stdout())
	ran, err := pr.Wait()
	if err == nil {
		err = rerr
	}
	ran.Stdout = out
	return ran, err
}

// Start starts a program for a conversation, which ctx ends, too.
func (s *Sandbox) Start(ctx context.Context, p core.Program) (core.Process, error) {
	pr, err := s.begin(ctx, p)
	if err != nil {
		return nil, err
	}
	return pr, nil
}

// process is a box with a program in it.
type process struct {
	s      *Sandbox
	box    *box
	limits core.Limits
	begun  time.Time
	stdout *capped
	stderr []byte

	stop   chan string   // requests to end it: the limit that was met, or "" for none
	said   chan struct{} // standard error has been read to its end
	done   chan struct{} // closed when nothing of the box is left
	once   sync.Once
	ran    core.Ran
	failed error
}

// begin takes a box and gives it the program.
func (s *Sandbox) begin(ctx context.Context, p core.Program) (*process, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.work.Add(1)
	}
	s.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	pr, err := s.beginIn(ctx, p)
	if err != nil {
		s.work.Done()
		return nil, fmt.Errorf("running a %s program: %w", p.Language, err)
	}
	return pr, nil
}

func (s *Sandbox) beginIn(ctx context.Context, p core.Program) (_ *process, err error) {
	select {
	case s.running <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.life.Done():
		return nil, errClosed
	}
	defer func() {
		if err != nil {
			<-s.running
		}
	}()
	l := merge(p.Limits, s.o.Limits)
	v := view{disk: l.Disk, command: p.Language == core.LanguageCommand}
	if p.Language == core.LanguageStarlark {
		v = view{starlark: true}
	}
	b, err := s.take(ctx, v)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.end()
			b.release()
			s.free(b.slot)
		}
	}()
	if err := b.slot.load(p); err != nil {
		return nil, err
	}
	within := l
	switch {
	case s.o.Kind == GVisor && !v.starlark:
		// Its kernel and its file server are processes of the group, too.
		within.Memory += gvisorMemory
		within.Processes += gvisorThreads
	case b.supervised:
		within.Memory += supervisorMemory
		within.Processes += supervisorThreads
	}
	if err := b.slot.group.arm(within); err != nil {
		return nil, fmt.Errorf("setting its limits: %w", err)
	}
	pr := &process{s: s, box: b, limits: l, begun: time.Now(), stop: make(chan string, 1), said: make(chan struct{}), done: make(chan struct{})}
	pr.stdout = &capped{r: b.stdout, left: l.Output, over: func() { pr.end(core.ExceededOutput) }}
	limits := rlimits(p.Language, l, b.slot.group != nil, s.o.Kind == Landlock)
	if s.o.Kind == GVisor && !v.starlark {
		err = s.runGVisor(b, p, limits)
	} else {
		err = b.give(p.Language, limits, p.Args)
	}
	if err != nil {
		return nil, fmt.Errorf("handing it over: %w", err)
	}
	go func() {
		defer close(pr.said)
		pr.stderr, _ = io.ReadAll(&capped{r: b.stderr, left: l.Output, over: func() { pr.end(core.ExceededOutput) }})
	}()
	go pr.watch(ctx)
	return pr, nil
}

// check refuses programs that no box could take.
func check(p core.Program) error {
	switch p.Language {
	case core.LanguagePython, core.LanguageStarlark:
	case core.LanguageCommand:
		if len(p.Args) == 0 || p.Args[0] == "" {
			return errors.New("running a command: it has no words; give the executable in Args")
		}
	default:
		return fmt.Errorf("running a program: no language %q; there are %s, %s and %s", p.Language, core.LanguagePython, core.LanguageStarlark, core.LanguageCommand)
	}
	for _, a := range p.Args {
		if strings.ContainsRune(a, 0) {
			return fmt.Errorf("running a program: argument %.40q has a NUL byte, which no command line can carry", a)
		}
	}
	for name := range p.Files {
		if !filepath.IsLocal(name) || filepath.Clean(name) != name || name == "." || name == mainOf(p) || name == scratch || strings.HasPrefix(name, scratch+"/") || strings.ContainsRune(name, 0) {
			return fmt.Errorf("running a program: file %q: give a relative path that stays beside the main file and is neither %s nor in %s", name, mainOf(p), scratch)
		}
	}
	return nil
}

// mainOf is where a program's source lies in its box's folder.
func mainOf(p core.Program) string {
	if p.Language == core.LanguageStarlark {
		return starlarkFile
	}
	return mainFile
}

// load writes the program into the slot's folder, which its box shows at /box.
func (sl *slot) load(p core.Program) error {
	put := func(name string, content []byte) error {
		f, err := os.OpenFile(filepath.Join(sl.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		return errors.Join(err, f.Chmod(0o640), f.Close()) // whatever the umask
	}
	if p.Language != core.LanguageCommand {
		if err := put(mainOf(p), []byte(p.Source)); err != nil {
			return err
		}
	}
	for name, content := range p.Files {
		at := sl.dir
		for _, part := range strings.Split(filepath.Dir(name), "/") {
			if part == "." {
				continue
			}
			at = filepath.Join(at, part)
			if err := os.Mkdir(at, 0o750); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
			if err := os.Chmod(at, 0o750|os.ModeSetgid); err != nil {
				return err
			}
		}
		if err := put(name, content); err != nil {
			return err
		}
	}
	return nil
}

// rlimits are the limits that the bootstrap sets: NAME=VALUE. Where control
// groups bound memory and processes, limits by process would only be stricter
// in ways that no program expects.
func rlimits(language string, l core.Limits, grouped, disk bool) string {
	// A second more than asked, rounded up: what the engine measures comes first.
	s := fmt.Sprintf("RLIMIT_CORE=0 RLIMIT_NOFILE=1024 RLIMIT_CPU=%d", int64((l.CPU+time.Second-1)/time.Second)+1)
	if disk { // there is no file system of bounded size
		s += fmt.Sprintf(" RLIMIT_FSIZE=%d", l.Disk)
	}
	if language == core.LanguageStarlark {
		return s + fmt.Sprintf(" RLIMIT_DATA=%d", l.Memory)
	}
	if !grouped {
		// Beside the program's processes: bwrap's two.
		s += fmt.Sprintf(" RLIMIT_AS=%d RLIMIT_NPROC=%d", l.Memory, l.Processes+2)
	}
	return s
}

// watch waits for the end of the program, or brings it about.
func (pr *process) watch(ctx context.Context) {
	b, group := pr.box, pr.box.slot.group
	var exceeded string
	var failed error
	wall := time.NewTimer(pr.limits.Wall)
	defer wall.Stop()
	cpu := time.NewTimer(pr.nextLook(0))
	defer cpu.Stop()
	for running := true; running; {
		running = false
		select {
		case <-b.exited:
		case <-wall.C:
			exceeded = core.ExceededWall
		case exceeded = <-pr.stop:
		case <-ctx.Done():
			failed = ctx.Err()
		case <-pr.s.life.Done():
			failed = errClosed
		case <-cpu.C:
			running = true
			used := pr.used()
			if used >= pr.limits.CPU {
				running, exceeded = false, core.ExceededCPU
				break
			}
			cpu.Reset(pr.nextLook(used))
		}
	}
	pr.ran.Wall = time.Since(pr.begun)
	b.end()
	pr.ran.CPU, pr.ran.Memory = time.Duration(b.usage.Utime.Nano()+b.usage.Stime.Nano()), b.usage.Maxrss<<10
	if group != nil {
		pr.ran.CPU, pr.ran.Memory = group.used()-group.cpu, group.peak()
	}
	pr.ran.Exit, pr.ran.Signal = b.outcome()
	switch {
	case exceeded != "":
	case pr.ran.Signal == "SIGXCPU", pr.ran.Signal == "SIGKILL" && pr.ran.CPU >= pr.limits.CPU:
		exceeded = core.ExceededCPU
	case group != nil && !pr.ran.OK() && group.killed() > group.ooms:
		exceeded = core.ExceededMemory
	}
	<-pr.said
	if exceeded == "" && b.view.starlark && ranOut(pr.ran, pr.stderr) {
		exceeded = core.ExceededMemory
	}
	pr.ran.Exceeded, pr.failed = exceeded, failed
	pr.ran.Stderr = pr.stderr
	b.stderr.Close()
	pr.s.free(b.slot)
	<-pr.s.running
	pr.s.work.Done()
	close(pr.done)
}

// used is the processor time of the program so far; of the interpreter's start,
// too, where there are no control groups.
func (pr *process) used() time.Duration {
	if g := pr.box.slot.group; g != nil {
		return g.used() - g.cpu
	}
	return treeUsed(pr.box.top())
}

// outcome is how the program ended: its status, or -1 and the signal.
//
// bwrap and runsc tell as shells do: statuses above 128 are signals. A program that ends
// by itself with such a status is taken for one that a signal ended.
func (b *box) outcome() (exit int, signal string) {
	if b.status.Signaled() {
		return -1, unix.SignalName(b.status.Signal())
	}
	exit = b.status.ExitStatus()
	if b.direct && !b.supervised {
		return exit, "" // neither bwrap nor runsc between
	}
	if name := unix.SignalName(syscall.Signal(exit - 128)); exit > 128 && name != "" {
		return -1, name
	}
	return exit, ""
}

// nextLook is when the processor time may be used up at the earliest.
func (pr *process) nextLook(used time.Duration) time.Duration {
	return max((pr.limits.CPU-used)/time.Duration(runtime.NumCPU()), 10*time.Millisecond)
}

// end asks for the end of the program, for the first of the reasons given.
func (pr *process) end(exceeded string) {
	select {
	case pr.stop <- exceeded:
	default:
	}
}

func (pr *process) Stdin() io.WriteCloser { return pr.box.stdin }
func (pr *process) Stdout() io.Reader     { return pr.stdout }

func (pr *process) Wait() (core.Ran, error) {
	<-pr.done
	return pr.ran, pr.failed
}

func (pr *process) Close() error {
	pr.end("")
	<-pr.done
	pr.once.Do(pr.box.release)
	return nil
}

// capped reads a stream up to a number of bytes. Where there is more, over is
// called, once, and the stream ends.
type capped struct {
	r    *os.File
	left int64
	over func()
	full bool
}

func (c *capped) Read(p []byte) (int, error) {
	if c.full || len(p) == 0 {
		if c.full {
			return 0, io.EOF
		}
		return 0, nil
	}
	if c.left <= 0 {
		var more [1]byte
		n, err := c.r.Read(more[:])
		if n > 0 {
			c.full = true
			c.over()
			return 0, io.EOF
		}
		return 0, ended(err)
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, ended(err)
}

// ended makes the end of a closed stream the end of a stream.
func ended(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return io.EOF
	}
	return err
}

// ranOut tells whether a Go program ended because memory was refused to it.
func ranOut(ran core.Ran, stderr []byte) bool {
	return ran.Exit == 2 && (bytes.Contains(stderr, []byte("out of memory")) || bytes.Contains(stderr, []byte("cannot allocate memory")))
}
