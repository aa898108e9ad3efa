package tensor

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// TestKernelsUnderCollection: what a kernel keeps of an address beyond a slice
// must be no pointer, or the collector, meeting it on a stack, ends the program.
func TestKernelsUnderCollection(t *testing.T) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	// Sizes just above whole pages, as large allocations have them: beyond their
	// end lies memory that is in no object.
	for _, n := range []int{352, 192, 41, 33} {
		const m, k = 80, 64
		a, b, c, d := gcMat(m, k), gcMat(n, k), gcMat(m, n), gcMat(n, k)
		var p Packed
		p.PackT(b)
		for range 1500 {
			Mul(c, a, &p, false)
			MulTN(d, c, a, false)
		}
	}
	close(stop)
	wg.Wait()
}

func gcMat(rows, cols int) Mat {
	m := Mat{Alloc(rows * cols), rows, cols, cols}
	for i := range m.Data {
		m.Data[i] = rand.Float32()
	}
	return m
}
