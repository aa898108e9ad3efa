//go:build !amd64 && !arm64

package tensor

// Only portable code runs here: availableISAs says so, and the wrappers ask it.

const noAssembly = "tensor: no assembly for this architecture"

func mulVector(c, a Mat, p *Packed, acc bool) { panic(noAssembly) }
func mulTNVector(c, a, b Mat, acc bool)       { panic(noAssembly) }

func packPanelVector(dst []float32, b Mat, r0, rows, j, cols int) { panic(noAssembly) }
func transposeVector(dst []float32, stride int, src Mat)          { panic(noAssembly) }

func attentionVector(out, q, k, v Mat, s attentionShape, probs []float32) { panic(noAssembly) }
func attentionStepVector(out, q []float32, k, v Mat, s attentionShape, scratch []float32) {
	panic(noAssembly)
}
func attentionBackwardVector(dq, dk, dv, dout, q, k, v Mat, s attentionShape, probs []float32) {
	panic(noAssembly)
}

func rotaryVector(x Mat, heads, headDim int, pos []int32, table *RotaryTable, inverse bool) bool {
	panic(noAssembly)
}
