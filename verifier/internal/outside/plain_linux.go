package outside

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
)

// apart gives a child a process group of its own, and ends it with this
// process.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// bound limits a process that has just been started, and what it starts.
func bound(pid int, l core.Limits) {
	set := func(resource int, most uint64) {
		if most > 0 { // a process that is gone already needs no limit
			_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		}
	}
	set(unix.RLIMIT_DATA, uint64(max(l.Memory, 0)))
	set(unix.RLIMIT_CPU, uint64((l.CPU+time.Second-1)/time.Second))
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}

func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // the group is gone if the process is
	_ = p.Kill()
}

// How often sweep looks again, a millisecond apart: for what it has killed to go,
// and for what is about to be told apart to be so.
const (
	looksForKilled = 10
	looksInDoubt   = 500
)

// sweep ends what a process has left: its group, and whatever carries the mark,
// such as a daemon that made a session of its own. It goes on until a look finds
// nothing, since one that dies may have started another. A process in the midst of
// exec has no environment to read yet, so that a look which meets one that is
// younger than the process is in doubt, and another follows.
func sweep(pgid int, mark string, begun time.Time) {
	_ = syscall.Kill(-pgid, syscall.SIGKILL)
	for killed, doubts := 0, 0; killed < looksForKilled && doubts < looksInDoubt; {
		found, doubt := false, false
		entries, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return
		}
		for _, dir := range entries {
			env, err := os.ReadFile(filepath.Join(dir, "environ"))
			pid, isPid := strconv.Atoi(filepath.Base(dir))
			switch {
			case err != nil || isPid != nil || pid == os.Getpid():
				continue // not ours to read, or gone
			case len(env) == 0:
				doubt = doubt || midExec(dir, begun)
			case bytes.Contains(env, []byte(mark)):
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		switch {
		case found:
			killed++
		case doubt:
			doubts++
		default:
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// midExec tells whether a process without an environment may be about to get one:
// it is a program, neither a zombie nor a thread of the kernel, and began after
// begun.
func midExec(dir string, begun time.Time) bool {
	if _, err := os.Readlink(filepath.Join(dir, "exe")); err != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return false
	}
	// Fields after the name, which may hold anything but ends in the last ")".
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const startTime, ticks = 19, 100 // in hundredths of a second since the machine began
	if len(fields) <= startTime {
		return false
	}
	started, err := strconv.ParseInt(fields[startTime], 10, 64)
	var now unix.Timespec
	if err != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return false
	}
	age := time.Duration(now.Nano()) - time.Duration(started)*(time.Second/ticks)
	return age <= time.Since(begun)+2*time.Second/ticks
}

func signalName(s syscall.Signal) string { return unix.SignalName(s) }
