//go:build !amd64 && !arm64

package tensor

// vectorSets has the kernels of each instruction set: here, the portable ones.
var vectorSets = [...]*vectorKernels{isaPortable: &portableVec}
