package tensor

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestRotary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		headDim := rapid.SampledFrom([]int{2, 4, 6, 8, 16, 24, 32, 40, 64, 128}).Draw(t, "head size")
		heads := rapid.IntRange(1, 5).Draw(t, "heads")
		rows := rapid.IntRange(0, 9).Draw(t, "rows")
		inverse := rapid.Bool().Draw(t, "inverse")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		table := NewRotaryTable(headDim, 50, 10000)
		pos := make([]int32, rows)
		for i := range pos {
			pos[i] = r.Int32N(50)
		}
		x := randomMat(r, rows, heads*headDim, 3)
		var first Mat
		for _, l := range availableISAs() {
			withISA(l, func() {
				y := cloneMat(x)
				Rotary(y, heads, headDim, pos, table, inverse)
				if !gapsKept(y) {
					t.Fatalf("%s: wrote outside x", l)
				}
				for i, p := range pos {
					for h := range heads {
						for j := range headDim / 2 {
							angle := float64(p) * math.Pow(10000, -2*float64(j)/float64(headDim))
							if inverse {
								angle = -angle
							}
							sin, cos := math.Sincos(angle)
							lo, hi := h*headDim+j, h*headDim+headDim/2+j
							a, b := float64(x.Row(i)[lo]), float64(x.Row(i)[hi])
							if d := math.Abs(float64(y.Row(i)[lo]) - (a*cos - b*sin)); !(d < 1e-6) {
								t.Fatalf("%s: row %d, head %d, pair %d: first off by %g", l, i, h, j, d)
							}
							if d := math.Abs(float64(y.Row(i)[hi]) - (b*cos + a*sin)); !(d < 1e-6) {
								t.Fatalf("%s: row %d, head %d, pair %d: second off by %g", l, i, h, j, d)
							}
						}
					}
				}
				switch {
				case l == isaPortable:
				case first.Data == nil:
					first = y
				case !equalBits(first, y):
					t.Fatalf("%s differs from %s", l, vectorISAs()[0])
				}
			})
		}
	})
}

// A quarter turn by hand: with two elements per head and theta irrelevant, the
// angle is the position in radians.
func TestRotaryByHand(t *testing.T) {
	x := NewMat(1, 2)
	copy(x.Data, []float32{3, 4})
	Rotary(x, 1, 2, []int32{1}, NewRotaryTable(2, 2, 10000), false)
	want := []float64{3*math.Cos(1) - 4*math.Sin(1), 4*math.Cos(1) + 3*math.Sin(1)}
	for j, w := range want {
		if math.Abs(float64(x.Data[j])-w) > 1e-6 {
			t.Errorf("element %d is %v, want %v", j, x.Data[j], w)
		}
	}
}

// With a base of 16 the second pair of four turns a quarter as fast; pairs are
// elements apart by half a head.
func TestRotaryPairsByHand(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x := NewMat(1, 4)
		copy(x.Data, []float32{3, 5, 4, 6})
		Rotary(x, 1, 4, []int32{2}, NewRotaryTable(4, 3, 16), false)
		for j, want := range []float64{
			3*math.Cos(2) - 4*math.Sin(2), 5*math.Cos(0.5) - 6*math.Sin(0.5),
			4*math.Cos(2) + 3*math.Sin(2), 6*math.Cos(0.5) + 5*math.Sin(0.5),
		} {
			if math.Abs(float64(x.Data[j])-want) > 1e-6 {
				t.Errorf("element %d is %v, want %v", j, x.Data[j], want)
			}
		}
	})
}

func TestRotaryRefuses(t *testing.T) {
	table := NewRotaryTable(8, 4, 10000)
	for name, f := range map[string]func(){
		"position": func() { Rotary(NewMat(1, 8), 1, 8, []int32{4}, table, false) },
		"negative": func() { Rotary(NewMat(1, 8), 1, 8, []int32{-1}, table, false) },
		"width":    func() { Rotary(NewMat(1, 9), 1, 8, []int32{0}, table, false) },
		"table":    func() { Rotary(NewMat(1, 16), 1, 16, []int32{0}, table, false) },
		"odd":      func() { NewRotaryTable(7, 4, 10000) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
