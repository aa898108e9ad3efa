//go:build !unix

package atomicfile

import "os"

// Lock does nothing where files cannot be locked for a process.
func Lock(*os.File) error { return nil }
