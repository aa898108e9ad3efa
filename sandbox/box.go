//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// slot is a place for one box at a time: a user id, a folder, control groups.
type slot struct {
	n     int
	uid   int      // 0: the engine's own, in a user namespace
	user  *os.File // holds uid for this slot; nil where it is 0
	dir   string
	group *group
	from  *spawner
}

// box is a started box. Its interpreter waits until it is given a program.
type box struct {
	slot       *slot
	direct     bool // the monitor is the program itself, with nothing of bwrap's
	supervised bool // the monitor is a supervisor, and kills what is below it on SIGTERM
	view       view
	monitor    *os.Process        // bwrap, outside
	exited     chan struct{}      // closed when the monitor has been reaped
	status     syscall.WaitStatus // of the monitor, once it has
	first      int                // process id of the box's first process, which reaps the others
	pidfd      int                // the same, safe against reuse of the id
	usage      syscall.Rusage     // of the box's processes, once it has ended
	theirs     []*os.File         // ends that the box will get
	control    *os.File
	stdin      *os.File
	stdout     *os.File
	stderr     *os.File
}

// startTimeout bounds how long an interpreter may take to come up, on a machine
// that does much else.
const startTimeout = 60 * time.Second

// start starts a box in a slot and returns when its interpreter is up. With
// gVisor it only makes ready what runGVisor will start.
func (s *Sandbox) start(sl *slot, v view) (_ *box, err error) {
	b := &box{slot: sl, view: v, exited: make(chan struct{}), pidfd: -1}
	defer func() {
		if err != nil {
			err = fmt.Errorf("starting a box: %w", err)
			b.end()
			b.release()
		}
	}()
	info, err := b.wire(filepath.Join(s.dir, seccompFile))
	if err != nil {
		return nil, err
	}
	defer info.Close()
	b.direct = v.starlark || s.o.Kind != Bubblewrap
	own, err := s.own()
	if err != nil {
		return nil, err
	}
	switch {
	case v.starlark:
		err = s.launch(b, own, []string{stageStarlark}, sl.dir, fdControl+1)
	case s.o.Kind == GVisor:
		return b, nil
	case s.o.Kind == Landlock:
		if err = sl.makeScratch(); err == nil {
			args := s.landlockArgs(v, sl.dir)
			if sl.uid == 0 || sl.group == nil { // by which daemons and their zombies are known
				b.supervised, args = true, supervised(fdControl+1, own, args)
			}
			err = s.launch(b, own, args, sl.dir, fdControl+1)
		}
	default:
		err = s.launch(b, s.bwrap.path, s.bwrap.args(v, sl.dir), "/", fdSeccomp+1)
	}
	if err != nil {
		return nil, err
	}
	return b, b.greet(info)
}

// wire makes the pipes of a box, and opens what bwrap reads. The ends that the
// box gets are in theirs, in the order of its descriptors; info is what bwrap
// tells.
func (b *box) wire(rules string) (info *os.File, err error) {
	for _, p := range []struct {
		mine  **os.File
		write bool
	}{{&b.stdin, true}, {&b.stdout, false}, {&b.stderr, false}} {
		if err := b.pipe(p.mine, p.write); err != nil {
			return nil, err
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	b.theirs = append(b.theirs, os.NewFile(uintptr(pair[1]), "control"))
	if err := unix.SetNonblock(pair[0], true); err != nil { // before the file: it is polled
		unix.Close(pair[0])
		return nil, err
	}
	b.control = os.NewFile(uintptr(pair[0]), "control")
	if err := b.pipe(&info, false); err != nil {
		return nil, err
	}
	f, err := os.Open(rules)
	if err != nil {
		info.Close()
		return nil, err
	}
	b.theirs = append(b.theirs, f)
	return info, nil
}

func (b *box) pipe(mine **os.File, write bool) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	if write {
		r, w = w, r
	}
	*mine = r
	b.theirs = append(b.theirs, w)
	return nil
}

// launch starts the first program of a box with the first n of the files that
// are for it.
func (s *Sandbox) launch(b *box, path string, args []string, dir string, n int) error {
	sl := b.slot
	attr := &os.ProcAttr{Dir: dir, Env: []string{}, Files: b.theirs[:n], Sys: &syscall.SysProcAttr{Setsid: true}}
	if b.direct {
		attr.Sys.Pdeathsig = syscall.SIGKILL
		if b.supervised {
			attr.Sys.Pdeathsig = syscall.SIGTERM
		}
	}
	if sl.uid != 0 && (b.view.starlark || s.o.Kind != GVisor) { // runsc changes users itself
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(sl.uid), Gid: uint32(sl.uid)}
	}
	within, err := sl.group.open()
	if err != nil {
		return err
	}
	if within != nil {
		defer within.Close()
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(within.Fd())
	}
	if b.monitor, err = sl.from.start(path, args, attr); err != nil {
		return err
	}
	go func() {
		if state, err := b.monitor.Wait(); err == nil {
			b.status = state.Sys().(syscall.WaitStatus)
			b.usage = *state.SysUsage().(*syscall.Rusage)
		}
		close(b.exited)
	}()
	b.closeTheirs()
	return nil
}

func (b *box) closeTheirs() {
	for _, f := range b.theirs {
		f.Close()
	}
	b.theirs = nil
}

// greet waits until the interpreter is up.
func (b *box) greet(info *os.File) (err error) {
	deadline := time.Now().Add(startTimeout)
	info.SetReadDeadline(deadline)
	if !b.direct {
		if b.first, err = childPid(info); err == nil {
			b.pidfd, err = unix.PidfdOpen(b.first, 0)
		}
		if err != nil {
			return b.explain(err)
		}
	}
	b.control.SetReadDeadline(deadline)
	if _, err := io.ReadFull(b.control, make([]byte, 1)); err != nil {
		return b.explain(fmt.Errorf("waiting for the interpreter: %w", err))
	}
	return nil
}

// childPid reads what bwrap tells of the box: {"child-pid": N, ...}.
func childPid(info io.Reader) (int, error) {
	var told struct {
		Pid int `json:"child-pid"`
	}
	if err := json.NewDecoder(info).Decode(&told); err != nil {
		return 0, fmt.Errorf("reading its process id: %w", err)
	}
	return told.Pid, nil
}

// explain adds what bwrap said to an error of starting it.
func (b *box) explain(err error) error {
	b.kill()
	select {
	case <-b.exited:
	case <-time.After(time.Second):
	}
	said := make([]byte, 2048)
	b.stderr.SetReadDeadline(time.Now().Add(time.Second))
	n, _ := b.stderr.Read(said)
	if n == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(said[:n])))
}

// give hands the program over: what the bootstrap reads.
func (b *box) give(language, limits string, args []string) error {
	var m bytes.Buffer
	m.WriteString(language + "\x00" + limits)
	for _, a := range args {
		m.WriteString("\x00" + a)
	}
	if _, err := b.control.Write(m.Bytes()); err != nil {
		return err
	}
	return b.controlRaw(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

func (b *box) controlRaw(do func(fd int) error) error {
	raw, err := b.control.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// top is the process that the others of the box are below.
func (b *box) top() int {
	if b.first != 0 {
		return b.first
	}
	return b.monitor.Pid
}

// kill ends all processes of the box: the first one's death takes the others
// with it, and the monitor, which reaps it, ends by itself. Killing the monitor
// instead would leave orphans to whoever reaps here, perhaps nobody.
func (b *box) kill() {
	if b.pidfd >= 0 && unix.PidfdSendSignal(b.pidfd, unix.SIGKILL, nil, 0) == nil {
		return
	}
	switch {
	case b.monitor == nil:
	case b.supervised:
		b.monitor.Signal(syscall.SIGTERM)
	default:
		b.monitor.Kill()
	}
}

// end kills the box and waits until nothing of it is left. The slot may then be
// used again.
func (b *box) end() {
	b.closeTheirs()
	if b.monitor != nil {
		b.kill()
		select {
		case <-b.exited:
		case <-time.After(5 * time.Second):
			b.monitor.Kill()
			<-b.exited
		}
		b.adopted()
		if b.direct && !b.view.starlark { // which cannot start any
			b.purge()
		}
	}
	if b.pidfd >= 0 {
		unix.Close(b.pidfd)
		b.pidfd = -1
	}
	if b.control != nil {
		b.control.Close()
	}
}

// release closes the streams.
func (b *box) release() {
	for _, f := range []*os.File{b.stdin, b.stdout, b.stderr} {
		if f != nil {
			f.Close()
		}
	}
}

// adopted reaps the box's first process, and with it all others of the box.
// bwrap's monitor does not stay for it: it ends when the program's main process
// does, the kernel then kills the first one (die-with-parent), and this process,
// a subreaper, inherits it. Waiting is for this one process only, so that no
// other child of the engine is taken from whoever waits for it.
func (b *box) adopted() {
	if b.pidfd < 0 {
		return
	}
	for {
		var used unix.Rusage
		err := unix.Waitid(unix.P_PIDFD, b.pidfd, nil, unix.WEXITED, &used)
		if err == nil {
			b.usage = syscall.Rusage{Utime: syscall.Timeval(used.Utime), Stime: syscall.Timeval(used.Stime), Maxrss: used.Maxrss}
		}
		if err != unix.EINTR {
			return // ECHILD: the monitor has reaped it
		}
	}
}
