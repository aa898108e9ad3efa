package tensor

import "fmt"

// Mul computes C = A·P, or C += A·P if acc. A is [M, P.K] and C is [M, P.N], both
// strided; C overlaps neither. A single row is as welcome as thousands, and
// gives the same bits as inside them.
func Mul(c, a Mat, p *Packed, acc bool) {
	a.check("Mul", "a")
	if a.Cols != p.K {
		panic(fmt.Sprintf("tensor: Mul: a is %dx%d, but the packed matrix is %dx%d", a.Rows, a.Cols, p.K, p.N))
	}
	c.checkShape("Mul", "c", a.Rows, p.N)
	if hasVector() {
		mulVector(c, a, p, acc)
		return
	}
	mulPortable(c, a, p, acc)
}

// MulTN computes C = Aᵀ·B, or C += Aᵀ·B if acc: A is [T, M], B is [T, N], C is
// [M, N], all strided. With A the gradient of a layer's output and B its input,
// C is the gradient of its weights.
func MulTN(c, a, b Mat, acc bool) {
	a.check("MulTN", "a")
	b.check("MulTN", "b")
	if a.Rows != b.Rows {
		panic(fmt.Sprintf("tensor: MulTN: a is %dx%d and b %dx%d: their rows differ", a.Rows, a.Cols, b.Rows, b.Cols))
	}
	c.checkShape("MulTN", "c", a.Cols, b.Cols)
	if hasVector() {
		mulTNVector(c, a, b, acc)
		return
	}
	mulTNPortable(c, a, b, acc)
}
