package tensor

// vectorSets has one set of kernels for each instruction set.
var vectorSets = [...]*vectorKernels{
	isaPortable: &portableVec,
	isaAVX2:     &portableVec,
	isaAVX512:   &portableVec,
}
