// Package tensor holds the single-precision kernels under the embedded
// transformer: matrix products, causal attention, rotary positions, and the
// elementwise and reducing operations between them.
//
// # Shapes
//
// Matrices are row-major views (Mat) with a row stride, so that a head, a block
// of rows or a part of a fused projection is a view and never a copy. The right
// side of a product is packed once (Packed) and may then be read by any number
// of goroutines.
//
// # Threads
//
// Every function is single-threaded. Callers split work by shape, and run whole
// pieces on workers; no result depends on how many there are.
//
// # Determinism
//
// An element of a product is one chain of fused multiply-adds over k = 0..K-1,
// started from zero (or from the old value when accumulating), whatever the
// tile, the number of rows, the packing or the instruction set. A reduction over
// a row uses 16 virtual lanes, lane i taking the elements i, i+16, ..., which
// are then combined by halving: i with i+8, i+4, i+2, i+1. So one row gives what
// it gives inside a batch, a decoding step gives what a training pass gives, and
// AVX-512, AVX2 and NEON agree bit for bit. The portable code keeps the same
// order with plain arithmetic: it agrees with itself to the bit on one
// architecture, and with the assembly within rounding.
//
// # Instruction sets
//
// On amd64 the best of AVX-512, AVX2 with FMA, and portable Go is taken at
// start, on arm64 NEON; the environment variable PAWL_CPU (portable, neon, avx2
// or avx512) forces one. ISA names the one in force. Other architectures run the
// portable code. NEON is tested under emulation; nobody has measured its speed.
//
// # Safety
//
// Assembly checks nothing. Each kernel has one Go wrapper, which checks every
// shape and panics on a mismatch: a wrong shape is a mistake of the caller, not
// a condition to handle. NaN and infinities in the inputs reach the outputs.
package tensor
