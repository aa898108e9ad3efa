//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const nativeArch = unix.AUDIT_ARCH_AARCH64

// refusedHere are calls that only this processor's table has: none.
var refusedHere []uint32
