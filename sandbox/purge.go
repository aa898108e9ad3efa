//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// purge kills and reaps what a program without a process namespace has left: the
// members of its control group; without one, the processes of its user, or of
// the session that it began in.
func (b *box) purge() {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		left := b.left()
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			unix.Kill(pid, unix.SIGKILL)
		}
		for _, pid := range left {
			// Orphans come to this process; children of what has just died will
			// have come by the next round.
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
		time.Sleep(time.Millisecond)
	}
}

// left are the processes of the box that still are, zombies included.
func (b *box) left() []int {
	var all []int
	if g := b.slot.group; g != nil {
		all = g.members()
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, at := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(at)))
		text, err := os.ReadFile(at)
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if err != nil || len(f) < 4 || pid == os.Getpid() {
			continue
		}
		var st unix.Stat_t
		session, _ := strconv.Atoi(f[3])
		mine := session == b.monitor.Pid
		if b.slot.uid != 0 && unix.Stat(filepath.Dir(at), &st) == nil {
			mine = mine || int(st.Uid) == b.slot.uid
		}
		// A zombie that is another's to reap is not ours to wait for.
		if parent, _ := strconv.Atoi(f[1]); mine && (f[0] != "Z" || parent == os.Getpid()) {
			all = append(all, pid)
		}
	}
	return all
}

// members are the processes of the group but this one, whose thread may be among
// them. One that is outside of this process's namespace is told as 0, which to
// kill would mean all of one's own.
func (s *group) members() (all []int) {
	text, _ := os.ReadFile(filepath.Join(s.dirs["pids"], "cgroup.procs"))
	for f := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 0 && pid != os.Getpid() {
			all = append(all, pid)
		}
	}
	return all
}
