package outside

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
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

// sweep ends what a process has left: its group, and whatever carries the mark,
// such as a daemon that made a session of its own. It goes on until a look finds
// nothing, since one that dies may have started another.
func sweep(pgid int, mark string) {
	_ = syscall.Kill(-pgid, syscall.SIGKILL)
	for range 10 {
		found := false
		entries, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return
		}
		for _, e := range entries {
			env, err := os.ReadFile(e)
			if err != nil || !bytes.Contains(env, []byte(mark)) {
				continue // not ours to read, or gone
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(e))); err == nil && pid != os.Getpid() {
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if !found {
			return
		}
		time.Sleep(time.Millisecond) // for what was killed to go
	}
}

func signalName(s syscall.Signal) string { return unix.SignalName(s) }
