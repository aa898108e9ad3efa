//go:build unix

package pawl

import "golang.org/x/sys/unix"

// freeBytes is what may still be written below a folder.
func freeBytes(dir string) (uint64, bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	return uint64(st.Bavail) * uint64(st.Bsize), true
}
