//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// An engine that is killed cannot tidy up. Its boxes die with it; its folder and
// control groups are removed by the next that opens a sandbox in the same place.
// A lock, which the kernel frees at any death, tells the dead from the living.
const lockFile, groupsFile = "lock", "groups"

// namePrefix begins the names of sandboxes' folders and groups.
const namePrefix = "pawl-sandbox-"

// claim locks the folder of this sandbox. The lock has its name only once it is
// held: nobody ever finds it free while its engine lives.
func (s *Sandbox) claim() error {
	at := filepath.Join(s.dir, lockFile)
	lock, err := os.OpenFile(at+".new", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	s.lock = lock
	return errors.Join(unix.Flock(int(lock.Fd()), unix.LOCK_EX), os.Rename(at+".new", at))
}

// record writes down the control groups, for those who clean up.
func (s *Sandbox) record() error {
	dirs := slices.Sorted(maps.Values(s.groups.dirs))
	return os.WriteFile(filepath.Join(s.dir, groupsFile), []byte(strings.Join(dirs, "\n")), 0o600)
}

// removeStale removes what killed engines left in dir.
func removeStale(dir string) {
	if dir == "" {
		dir = os.TempDir()
	}
	left, _ := filepath.Glob(filepath.Join(dir, namePrefix+"*"))
	for _, at := range left {
		var st unix.Stat_t
		if err := unix.Lstat(at, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(at, lockFile), os.O_RDWR, 0)
		if err != nil {
			// Between making a folder and locking it lie milliseconds.
			if errors.Is(err, os.ErrNotExist) && time.Since(time.Unix(st.Mtim.Unix())) > time.Minute {
				os.RemoveAll(at)
			}
			continue
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			removeDead(at)
		}
		lock.Close()
	}
}

// killMembers kills what is left in the boxes' groups below dir: the daemons of a
// program that had no process namespace to die with.
func killMembers(dir string) {
	boxes, _ := filepath.Glob(filepath.Join(dir, "[0-9]*"))
	for _, at := range boxes {
		g := group{dirs: map[string]string{"pids": at}}
		for range 100 { // those killed leave a moment later, and may have started others
			members := g.members()
			if len(members) == 0 {
				break
			}
			for _, pid := range members {
				unix.Kill(pid, unix.SIGKILL)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// removeDead removes the groups that the folder names, and the folder.
func removeDead(at string) {
	b, _ := os.ReadFile(filepath.Join(at, groupsFile))
	g := groups{dirs: map[string]string{}}
	for dir := range strings.SplitSeq(string(b), "\n") {
		if filepath.Base(dir) == filepath.Base(at) && strings.HasPrefix(dir, "/sys/fs/cgroup/") {
			g.dirs[dir] = dir
			killMembers(dir)
		}
	}
	g.remove()
	os.RemoveAll(at)
}
