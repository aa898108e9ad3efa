//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A stage is this binary, started again as a child that confines itself before
// it does anything else. What it is asked to be is in its name, which no shell
// gives a program by chance.
const stageStarlark = "pawl-sandbox-starlark"

// statusBroken is a stage's status where it could not confine itself.
const statusBroken = 125

// A stage runs from init: whichever program links this package, its tests
// included, a child never reaches main, so that no program has to remember a
// hook, and none starts itself without end.
func init() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case stageStarlark:
		debug.SetTraceback("none")
		debug.SetMaxStack(64 << 20)
		limits, args, err := hear(os.NewFile(fdControl, "control"))
		if err != nil {
			os.Exit(0) // the engine is gone
		}
		os.Exit(playStarlark(args, func() error { return confine(limits) }))
	case stageSupervise:
		os.Exit(supervise(os.Args[1:]))
	case stageLandlock:
		fmt.Fprintln(os.Stderr, "sandbox: confining a program:", becomeConfined(os.Args))
		os.Exit(statusBroken)
	}
}

// own is what to execute for a stage: this binary, or a copy where the users of
// boxes may not execute it.
func (s *Sandbox) own() (string, error) {
	const self = "/proc/self/exe"
	st, err := os.Stat(self)
	if err != nil || os.Geteuid() != 0 || st.Mode()&1 != 0 {
		return self, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := filepath.Join(s.dir, "self")
	if _, err := os.Stat(at); err == nil {
		return at, nil
	}
	from, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.OpenFile(at+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	return at, errors.Join(err, to.Chmod(0o755), to.Close(), os.Rename(at+".new", at))
}

// hear tells the engine that the stage is up and reads what it is to do.
func hear(control *os.File) (limits string, args []string, err error) {
	defer control.Close()
	if _, err := control.Write([]byte("R")); err != nil {
		return "", nil, err
	}
	said, err := io.ReadAll(control)
	f := strings.Split(string(said), "\x00")
	if err != nil || len(f) < 2 {
		return "", nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return f[1], f[2:], nil
}

// rlimitNames are the limits that a stage knows by name.
var rlimitNames = map[string]int{
	"RLIMIT_CORE": unix.RLIMIT_CORE, "RLIMIT_NOFILE": unix.RLIMIT_NOFILE, "RLIMIT_CPU": unix.RLIMIT_CPU, "RLIMIT_DATA": unix.RLIMIT_DATA,
}

// confine bounds this process and takes from it what a language without files,
// network or processes does not need: opening, executing, connecting, killing.
func confine(limits string) error {
	for pair := range strings.FieldsSeq(limits) {
		name, value, _ := strings.Cut(pair, "=")
		what, ok := rlimitNames[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return err
		}
		if what == unix.RLIMIT_DATA {
			// What the runtime has already is not the program's, least of all with
			// a race detector. The collector runs before the limit is met.
			debug.SetMemoryLimit(int64(min(n/4*3, math.MaxInt64)))
			n += dataNow() + 64<<20 // the heap grows by pieces of 64 MiB
		}
		var old unix.Rlimit
		if err := unix.Getrlimit(what, &old); err != nil {
			return err
		}
		n = min(n, old.Max)
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	rules, err := filter(unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR,
		unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_KILL, unix.SYS_MEMFD_CREATE, unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_PRLIMIT64)
	if err != nil {
		return err
	}
	return install(rules)
}

// dataNow is the data segment of this process, in bytes, as RLIMIT_DATA counts.
func dataNow() uint64 {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "VmData:")
	kib := uint64(0)
	fmt.Sscan(rest, &kib)
	return kib << 10
}

// install puts all threads of this process under a seccomp filter, for good.
func install(rules []byte) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	program := unix.SockFprog{Len: uint16(len(rules) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(&rules[0]))}
	// One thread asks for all: their no_new_privs is set along.
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return fmt.Errorf("installing the seccomp filter: %w", errno)
	}
	return nil
}
