package tensor

import "math"

// vectorTable holds the constants of the assembly kernels, eight lanes each, in
// the order that vectorgen's entries name.
//
// exp(x) is 2^n · exp(r), n = round(x / log 2), r = x - n·log 2. The whole part
// is rounded by adding 1.5·2^23; log 2 is subtracted in two parts, the first of
// few enough bits that its product with n is exact; exp(r) = 1 + r + r²·q(r), q
// of degree 5 with the minimax coefficients of Cephes' expf (Moshier, 1989).
var vectorTable = [...][8]float32{
	eight(1),
	eight(negativeZero),
	eight(89),              // exp(89) overflows
	eight(-104),            // exp(-104) is under half the smallest denormal
	eight(math.Log2E),      //
	eight(1.5 * (1 << 23)), //
	eight(0.693359375),     // log 2, its first 10 bits
	eight(-2.12194440e-4),  // log 2, the rest
	eight(1.9875691500e-4), // r^7
	eight(1.3981999507e-3), // r^6
	eight(8.3334519073e-3), // r^5
	eight(4.1665795894e-2), // r^4
	eight(1.6666665459e-1), // r^3
	eight(5.0000001201e-1), // r^2
}

var (
	negativeZero     = float32(math.Copysign(0, -1))
	negativeInfinity = float32(math.Inf(-1))
)

func eight(x float32) [8]float32 { return [8]float32{x, x, x, x, x, x, x, x} }

// laneMasks gives the masks of a tail: all bits set in as many of the first
// lanes as it has elements. They start that many lanes before the middle.
var laneMasks = [32]int32{
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
}
