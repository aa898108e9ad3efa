//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// dirLock is held for as long as the store is open; the kernel drops it when
// the process dies.
type dirLock struct{ f *os.File }

// lockDir locks exclusively if nobody else has the store open (alone), and
// shared otherwise.
func lockDir(path string) (l *dirLock, alone bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, false, err
	}
	l = &dirLock{f}
	err = l.flock(unix.LOCK_EX | unix.LOCK_NB)
	if err == nil {
		return l, true, nil
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, errors.Join(fmt.Errorf("locking it: %w; a store needs a file system with locks", err), f.Close())
	}
	return l, false, nil
}

// share lets others open the store; it waits while one of them repairs it.
func (l *dirLock) share() error {
	if err := l.flock(unix.LOCK_SH); err != nil {
		return fmt.Errorf("locking it: %w", err)
	}
	return nil
}

func (l *dirLock) flock(how int) error {
	for {
		err := unix.Flock(int(l.f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (l *dirLock) Close() error { return l.f.Close() }
