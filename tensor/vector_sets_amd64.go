package tensor

//go:generate go run ./internal/vectorgen

// vectorSets has the kernels of each instruction set. Those of AVX2 and
// AVX-512 come from one description and agree bit for bit.
var vectorSets = [...]*vectorKernels{
	isaPortable: &portableVec,
	isaAVX2: {
		name: "avx2",
		add:  addAVX2, scale: scaleAVX2, axpy: axpyAVX2, dot: dotAVX2, sumSquares: sumSquaresAVX2,
		exp: expAVX2, max: maxAVX2, sumExp: sumExpAVX2, expScale: expScaleAVX2,
		swiGLU: swiGLUAVX2, swiGLUBackward: swiGLUBackwardAVX2, adamW: adamWAVX2,
		rmsNorm: rmsNormAVX2, rmsNormBackward: rmsNormBackwardAVX2,
	},
	isaAVX512: {
		name: "avx512",
		add:  addAVX512, scale: scaleAVX512, axpy: axpyAVX512, dot: dotAVX512, sumSquares: sumSquaresAVX512,
		exp: expAVX512, max: maxAVX512, sumExp: sumExpAVX512, expScale: expScaleAVX512,
		swiGLU: swiGLUAVX512, swiGLUBackward: swiGLUBackwardAVX512, adamW: adamWAVX512,
		rmsNorm: rmsNormAVX512, rmsNormBackward: rmsNormBackwardAVX512,
	},
}
