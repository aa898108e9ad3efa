package store

import "golang.org/x/sys/unix"

// mountSmall mounts an empty file system of 2 MiB, which takes root.
func mountSmall(dir string) (unmount func(), err error) {
	if err := unix.Mount("pawl", dir, "tmpfs", 0, "size=2m"); err != nil {
		return nil, err
	}
	return func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }, nil
}
