package tensor

import (
	"fmt"
	"math"
)

// RotaryTable holds the cosines and sines of rotary positions (Su et al. 2021,
// RoFormer) for one head size: row p has headDim/2 cosines, then as many sines.
type RotaryTable struct {
	headDim, context int
	data             []float32
}

// NewRotaryTable tabulates positions 0 to context-1: pair j of a head turns by
// position * theta^(-2j/headDim). headDim is even.
func NewRotaryTable(headDim, context int, theta float64) *RotaryTable {
	if headDim <= 0 || headDim%2 != 0 {
		panic(fmt.Sprintf("tensor: rotary table for head size %d", headDim))
	}
	frequencies := make([]float64, headDim/2)
	for j := range frequencies {
		frequencies[j] = math.Pow(theta, -2*float64(j)/float64(headDim))
	}
	return NewRotaryTableOf(frequencies, context)
}

// NewRotaryTableOf tabulates positions 0 to context-1 for the frequencies of
// the pairs of a head, in radians per position.
func NewRotaryTableOf(frequencies []float64, context int) *RotaryTable {
	half := len(frequencies)
	headDim := 2 * half
	if half == 0 || context < 0 {
		panic(fmt.Sprintf("tensor: rotary table for head size %d and %d positions", headDim, context))
	}
	t := &RotaryTable{headDim: headDim, context: context, data: Alloc(context * headDim)}
	for j, frequency := range frequencies {
		for p := range context {
			sin, cos := math.Sincos(float64(p) * frequency)
			t.data[p*headDim+j] = float32(cos)
			t.data[p*headDim+half+j] = float32(sin)
		}
	}
	return t
}

// Context is the number of positions that the table covers.
func (t *RotaryTable) Context() int { return t.context }

// Rotary turns each head of each row of x [rows, heads*headDim] in place by the
// row's position, or back if inverse (which is also its backward pass). A pair
// is elements j and j+headDim/2 of a head, the convention of Llama checkpoints
// in the Hugging Face layout.
func Rotary(x Mat, heads, headDim int, pos []int32, table *RotaryTable, inverse bool) {
	x.checkShape("Rotary", "x", len(pos), heads*headDim)
	if headDim != table.headDim {
		panic(fmt.Sprintf("tensor: Rotary: head size %d, but the table is for %d", headDim, table.headDim))
	}
	for _, p := range pos {
		if p < 0 || int(p) >= table.context {
			panic(fmt.Sprintf("tensor: Rotary: position %d outside the context of %d", p, table.context))
		}
	}
	if len(pos) == 0 || heads == 0 || hasVector() && rotaryVector(x, heads, headDim, pos, table, inverse) {
		return
	}
	rotaryPortable(x, heads, headDim, pos, table, inverse)
}

// rotaryPortable is Rotary in plain Go. The conversions keep the compiler from
// fusing, which it does on some architectures: small heads use this everywhere.
func rotaryPortable(x Mat, heads, headDim int, pos []int32, table *RotaryTable, inverse bool) {
	half := headDim / 2
	for i, p := range pos {
		angles := table.data[int(p)*headDim : int(p+1)*headDim]
		cos, sin := angles[:half], angles[half:]
		row := x.Row(i)
		for h := range heads {
			lo := row[h*headDim : h*headDim+half]
			hi := row[h*headDim+half : (h+1)*headDim]
			for j, c := range cos {
				s, a, b := sin[j], lo[j], hi[j]
				if inverse {
					s = -s
				}
				lo[j] = float32(a*c) - float32(b*s)
				hi[j] = float32(b*c) + float32(a*s)
			}
		}
	}
}
