//go:build amd64 || arm64

package tensor

import "math"

// rotaryTask is what the rotary kernels read by field; strides
// and sizes are in bytes.
type rotaryTask struct {
	x      *float32
	stride int
	rows   int
	heads  int
	half   int // of a head
	pos    *int32
	table  *float32
	sign   uint32 // flips the sines
}

// rotaryCall bounds the values that one call, which nothing can preempt, turns.
const rotaryCall = 1 << 16

// rotaryVector is Rotary in assembly for head sizes that are multiples of 8; it
// reports whether this is one.
func rotaryVector(x Mat, heads, headDim int, pos []int32, table *RotaryTable, inverse bool) bool {
	if headDim%8 != 0 {
		return false
	}
	t := rotaryTask{stride: x.Stride * 4, heads: heads, half: headDim * 2, table: &table.data[0]}
	if inverse {
		t.sign = math.Float32bits(float32(math.Copysign(0, -1)))
	}
	step := max(1, rotaryCall/x.Cols)
	for i := 0; i < len(pos); i += step {
		t.rows, t.x, t.pos = min(step, len(pos)-i), &x.Data[i*x.Stride], &pos[i]
		t.turn()
	}
	return true
}
