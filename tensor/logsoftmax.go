package tensor

import (
	"fmt"
	"math"
)

// LogSoftmax sets dst[i] to log softmax(x)[i]. Each value is, to the bit, what
// LogSoftmaxAt gives for it. dst and x may be the same; it panics if their
// lengths differ.
func LogSoftmax(dst, x []float32) {
	if len(dst) != len(x) {
		panic(fmt.Sprintf("tensor: LogSoftmax: %d values into %d", len(x), len(dst)))
	}
	if len(x) == 0 {
		return
	}
	top := maxOf(x)
	logSum := math.Log(float64(sumExp(x, top)))
	for i, v := range x {
		dst[i] = float32(float64(v-top) - logSum)
	}
}
