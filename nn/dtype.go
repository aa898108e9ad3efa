package nn

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Dtype is how weights are stored in a file. The engine computes in f32.
type Dtype string

// The types that are read and written, as safetensors calls them.
const (
	F32  Dtype = "F32"
	F16  Dtype = "F16"  // IEEE 754 binary16
	BF16 Dtype = "BF16" // the upper half of an f32
)

// readTensor fills dst from values of the given type.
func readTensor(r io.Reader, dtype string, dst []float32) error {
	if dtype == "F32" {
		return readFloats(r, dst)
	}
	widen := func(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) } // bf16
	if dtype == "F16" {
		widen = halfToFloat
	}
	var buf [8192]byte
	for len(dst) > 0 {
		n := min(len(dst), len(buf)/2)
		if _, err := io.ReadFull(r, buf[:2*n]); err != nil {
			return err
		}
		for i := range n {
			dst[i] = widen(binary.LittleEndian.Uint16(buf[2*i:]))
		}
		dst = dst[n:]
	}
	return nil
}

// halfToFloat widens an IEEE 754 binary16, exactly.
func halfToFloat(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0: // zero or subnormal: frac · 2^-24
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// writeTensor writes values in the given type, rounded to nearest, ties to even.
func writeTensor(w io.Writer, t Dtype, x []float32) error {
	narrow := floatToBrain
	switch t {
	case F32:
		return writeFloats(w, x)
	case F16:
		narrow = floatToHalf
	}
	var buf [8192]byte
	for len(x) > 0 {
		n := min(len(x), len(buf)/2)
		for i, v := range x[:n] {
			h := narrow(v)
			if t == F16 && h&0x7fff == 0x7c00 {
				return fmt.Errorf("value %v is beyond the range of f16; use bf16 or f32", v)
			}
			binary.LittleEndian.PutUint16(buf[2*i:], h)
		}
		if _, err := w.Write(buf[:2*n]); err != nil {
			return err
		}
		x = x[n:]
	}
	return nil
}

// floatToBrain rounds to bf16.
func floatToBrain(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 64 // keep it NaN
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// floatToHalf rounds to IEEE 754 binary16.
func floatToHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 1<<31 - 1
	switch {
	case b > 0xff<<23: // NaN
		return sign | 0x7e00
	case b >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case b < 113<<23: // below 2^-14: subnormal, a multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(b))*0x1p24))
	}
	return sign | uint16((b-112<<23+0xfff+b>>13&1)>>13)
}

// notFinite is the index of the first NaN or infinity, -1 if there is none.
func notFinite(x []float32) int {
	for i, v := range x {
		if math.Float32bits(v)>>23&255 == 255 {
			return i
		}
	}
	return -1
}
