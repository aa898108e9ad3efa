//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Where the engine is root each box has a user of the host's of its own, so that
// none may send signals to another or look into it, and so that what a program
// left is known by its user. Engines of one machine take users from one range:
// a user is taken by a lock on the file of its number, which the kernel frees
// with the engine, however that ends.

// userRange is how many users there are from Options.UID on.
const userRange = 1000

// lockDirs are where the files of the users lie: the first of them that can be
// had, so that all engines of a machine come to the same.
var lockDirs = []string{"/run/pawl-sandbox", "/dev/shm/pawl-sandbox", "/tmp/pawl-sandbox"}

// lockDir makes the folder of the users' files. One that others may write to
// would let them take what is not theirs.
func lockDir() (string, error) {
	var all []error
	for _, dir := range lockDirs {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			all = append(all, err)
			continue
		}
		var st unix.Stat_t
		if err := unix.Lstat(dir, &st); err != nil {
			all = append(all, fmt.Errorf("looking at %s: %w", dir, err))
			continue
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0 {
			return "", fmt.Errorf("keeping the users of boxes in %s: it is of user %d with mode %o, and must be a folder of this one that nobody else may enter; remove it", dir, st.Uid, st.Mode)
		}
		return dir, nil
	}
	return "", fmt.Errorf("making a folder for the users of boxes: %w", errors.Join(all...))
}

// takeUser takes the first user from first on that no other box has, of this
// engine or another, and that no process belongs to: a killed engine's boxes may
// take a moment to end. The user is taken until the file is closed.
func takeUser(first int) (user int, taken *os.File, err error) {
	dir, err := lockDir()
	if err != nil {
		return 0, nil, err
	}
	for user := first; user < first+userRange; user++ {
		f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(user)), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return 0, nil, err
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && !hasProcesses(user) {
			return user, f, nil
		}
		f.Close()
	}
	return 0, nil, fmt.Errorf("taking a user for a box: all from %d to %d have boxes or processes; end some, or begin elsewhere with Options.UID", first, first+userRange-1)
}

// hasProcesses tells whether any process that can be seen belongs to a user.
func hasProcesses(user int) bool {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, at := range all {
		var st unix.Stat_t
		if unix.Stat(at, &st) == nil && int(st.Uid) == user {
			return true
		}
	}
	return false
}
