package tensor

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of a large page of memory on amd64 and arm64.
const hugePage = 2 << 20

// hugePages asks for large pages under a large slice. Weights that are read
// straight through then need few translations of addresses, which otherwise
// bound the speed of decoding. A kernel that does not grant it changes nothing.
func hugePages(x []float32) {
	const word = 4
	if len(x)*word < 2*hugePage {
		return
	}
	start := uintptr(unsafe.Pointer(&x[0]))
	skip := int((hugePage - start%hugePage) % hugePage)
	size := (len(x)*word - skip) / hugePage * hugePage
	if size == 0 {
		return
	}
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&x[skip/word])), size), syscall.MADV_HUGEPAGE)
}
