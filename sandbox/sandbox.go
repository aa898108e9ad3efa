//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"pawl/core"
)

// Sandbox runs programs in boxes. It is safe for concurrent use.
type Sandbox struct {
	o      Options
	dir    string // everything it keeps on disk
	bwrap  *bwrap
	abi    int // of Landlock
	gvisor *gvisor

	containers atomic.Int64 // of gVisor, so far
	lock       *os.File     // held while it lives
	reaping    bool         // counted among reapers
	groups     groups
	lacking    string // why there are no control groups; "" where there are

	running chan struct{} // a token per program that runs
	slots   chan *slot    // that are free
	ready   chan started  // boxes of the default view
	life    context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup // programs that run, and boxes being started

	mu      sync.Mutex // guards what follows
	closed  bool
	slotted int // slots that there are
	numbers int // slots that there ever were
	waiting int // programs that wait for a box of the pool
	ahead   int // boxes of the pool, ready or being started
}

// seccompFile holds the filter that bwrap reads.
const seccompFile = "seccomp"

// Open opens a sandbox of the kind asked for, and proves that it works by
// running a program. Errors that wrap ErrUnavailable say what this machine
// lacks and how to get it.
func Open(o Options) (*Sandbox, error) {
	o = o.withDefaults()
	if o.Kind != Bubblewrap && o.Kind != Landlock && o.Kind != GVisor {
		return nil, fmt.Errorf("opening the sandbox: no kind %q; there are %s, %s and %s", o.Kind, Bubblewrap, GVisor, Landlock)
	}
	s, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("opening the sandbox: %w", err)
	}
	if err := s.prove(); err != nil {
		s.Close()
		hint := needs[o.Kind]
		if s.gvisor != nil {
			hint = s.gvisor.tried()
		}
		return nil, fmt.Errorf("opening the sandbox: %w: running a first program: %w%s", ErrUnavailable, err, hint)
	}
	return s, nil
}

// needs say what each kind may have missed, where its first program failed.
var needs = map[string]string{
	Bubblewrap: "; bubblewrap needs user namespaces (sysctl kernel.unprivileged_userns_clone=1, and user.max_user_namespaces above 0)",
}

func open(o Options) (_ *Sandbox, err error) {
	closeOnExec()
	boxes := o.Concurrency + o.Warm
	s := &Sandbox{o: o, running: make(chan struct{}, o.Concurrency), slots: make(chan *slot, boxes), ready: make(chan started, boxes)}
	s.life, s.stop = context.WithCancel(context.Background())
	switch o.Kind {
	case Landlock:
		s.bwrap = &bwrap{}
		s.abi, err = landlockABI()
	case GVisor:
		s.bwrap, s.o.Warm = &bwrap{}, 0
		s.gvisor, err = findGVisor()
	default:
		s.bwrap, err = findBwrap()
	}
	if err != nil {
		return nil, err
	}
	if s.bwrap.python, err = findPython(context.Background(), o.Python); err != nil {
		return nil, err
	}
	s.bwrap.visible = o.Visible
	if err = reapers.enter(); err != nil {
		return nil, err
	}
	s.reaping = true
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	removeStale(o.Dir)
	if s.dir, err = os.MkdirTemp(o.Dir, namePrefix); err != nil {
		return nil, err
	}
	if err := errors.Join(s.claim(), os.Chmod(s.dir, 0o711)); err != nil {
		return nil, err
	}
	if !plainPath(s.dir) {
		return nil, fmt.Errorf("making the folder %s: a quote or a line break is in its name; choose another with Options.Dir", s.dir)
	}
	rules, err := filter()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.dir, seccompFile), rules, 0o600); err != nil {
		return nil, err
	}
	if s.gvisor != nil {
		s.gvisor.root = filepath.Join(s.dir, "runsc")
	}
	if err := s.bwrap.prepare(s.dir); err != nil {
		return nil, err
	}
	var lack error
	if s.groups, lack = makeGroups(filepath.Base(s.dir), o.Concurrency); lack != nil {
		s.lacking = strings.ReplaceAll(lack.Error(), "\n", "; ")
	}
	return s, s.record()
}

// reapers counts open sandboxes. While there is one, this process is a
// subreaper: the first process of a box, whose monitor ends before it, becomes
// its child and is waited for. Without any it adopts nobody's orphans.
var reapers counter

type counter struct {
	mu sync.Mutex
	n  int
	// before tells whether the process was a subreaper without us.
	before int32
}

func (c *counter) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		if err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&c.before)), 0, 0, 0); err != nil {
			return fmt.Errorf("asking whether this process is a subreaper: %w", err)
		}
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("becoming a subreaper: %w", err)
		}
	}
	c.n++
	return nil
}

func (c *counter) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 {
		unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, uintptr(c.before), 0, 0, 0)
	}
}

// closeOnExec keeps what this process was handed open from every child.
func closeOnExec() {
	unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC)
}

func (s *Sandbox) prove() error {
	ran, err := s.Run(context.Background(), core.Program{Language: core.LanguagePython, Source: "print(6 * 7)"})
	if err == nil && (!ran.OK() || strings.TrimSpace(string(ran.Stdout)) != "42") {
		err = fmt.Errorf("it ended with status %d %s: %.300s%.300s", ran.Exit, ran.Signal, ran.Stdout, ran.Stderr)
	}
	return err
}

// Identity names the sandbox and its interpreters.
func (s *Sandbox) Identity() string {
	id := s.o.Kind
	switch s.o.Kind {
	case Landlock:
		id += " (degraded)"
	case GVisor:
		id += " " + s.gvisor.version // a kernel, which programs can tell from others
	}
	id += ", python " + s.bwrap.python.version
	if s.lacking != "" {
		id += ", limits by process"
	}
	return id
}

// Describe says in words what there is: kind, versions, how limits are kept.
func (s *Sandbox) Describe() string {
	kind := "bubblewrap " + s.bwrap.version
	switch s.o.Kind {
	case GVisor:
		kind = "gvisor " + s.gvisor.version
	case Landlock:
		kind = fmt.Sprintf("landlock %d (degraded: no namespaces)", s.abi)
	}
	d := fmt.Sprintf("%s, python %s", kind, strings.Fields(s.bwrap.python.version)[0])
	if s.lacking != "" {
		return d + ", limits by process"
	}
	return d + ", control groups version " + strconv.Itoa(s.groups.version)
}

// Weakness says what is less than it could be, and how to better it; "" where
// nothing is.
func (s *Sandbox) Weakness() string {
	if s.lacking == "" {
		return ""
	}
	return "no control groups (" + s.lacking + "): memory is bounded for each process of a program, not for all together; run as root, or with a delegated group (systemd-run --user --scope -p Delegate=yes)"
}

// Close ends all boxes and removes all the sandbox keeps. Programs that run are
// killed.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return nil
	}
	s.stop()
	s.work.Wait()
	s.drain()
	s.groups.remove()
	var err error
	if s.dir != "" {
		err = os.RemoveAll(s.dir)
	}
	if s.reaping {
		reapers.leave()
	}
	if s.lock != nil {
		s.lock.Close()
	}
	return err
}

var errClosed = errors.New("the sandbox is closed")

// slot takes a free slot, or makes one.
func (s *Sandbox) slot(ctx context.Context) (*slot, error) {
	select {
	case sl := <-s.slots:
		return sl, nil
	default:
	}
	s.mu.Lock()
	n := s.numbers
	make := s.slotted < cap(s.slots)
	if make {
		s.slotted++
		s.numbers++
	}
	s.mu.Unlock()
	if make {
		sl, err := s.makeSlot(n)
		if err != nil {
			s.lose()
			return nil, fmt.Errorf("making a place for a box: %w", err)
		}
		return sl, nil
	}
	select {
	case sl := <-s.slots:
		return sl, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Sandbox) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slotted--
}

func (s *Sandbox) makeSlot(n int) (_ *slot, err error) {
	sl := &slot{n: n, dir: filepath.Join(s.dir, strconv.Itoa(n))}
	if err := os.Mkdir(sl.dir, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && sl.user != nil {
			sl.user.Close()
		}
	}()
	if os.Geteuid() == 0 {
		if sl.uid, sl.user, err = takeUser(s.o.UID); err != nil {
			return nil, err
		}
		// New files take the group of a folder with the set-group-id bit.
		if err := errors.Join(os.Chown(sl.dir, 0, sl.uid), os.Chmod(sl.dir, 0o750|os.ModeSetgid)); err != nil {
			return nil, err
		}
	}
	if sl.group, err = s.groups.slot(n); err != nil {
		return nil, err
	}
	sl.from, err = newSpawner(sl.group)
	return sl, err
}

// giveUp ends a slot.
func (s *Sandbox) giveUp(sl *slot) {
	sl.from.close()
	sl.group.remove()
	if sl.user != nil {
		sl.user.Close()
	}
	s.lose()
}

// free takes a slot back, once it is proven empty; otherwise it is given up.
func (s *Sandbox) free(sl *slot) {
	entries, err := os.ReadDir(sl.dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(sl.dir, e.Name())))
	}
	if err != nil || !sl.group.empty() {
		s.giveUp(sl)
		return
	}
	s.slots <- sl
}
