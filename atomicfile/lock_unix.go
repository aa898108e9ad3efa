//go:build unix

package atomicfile

import (
	"os"
	"syscall"
)

// Lock takes an open file for this process, until it is closed or the process
// ends. It fails at once where another one has it.
func Lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
