//go:build amd64 || arm64

package tensor

import "unsafe"

// What the products of both architectures use.

// words is the address n values after p.
func words(p *float32, n int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), n*4)) }

// tailMasks gives masks of 16 words: n set ones start at 16-n.
//
//lint:ignore U1000 on arm64 the softmax kernel alone reads it
var tailMasks = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

// flag is b as kernels read it.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// clearMat sets all elements to zero.
func clearMat(m Mat) {
	for i := range m.Rows {
		clear(m.Row(i))
	}
}
