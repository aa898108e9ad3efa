package tensor

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// setISA forces an instruction set for the rest of a test.
func setISA(tb testing.TB, l isaLevel) {
	tb.Helper()
	old := isa
	isa = l
	tb.Cleanup(func() { isa = old })
}

// vectorISAs are the sets of this machine that run assembly.
func vectorISAs() []isaLevel { return availableISAs()[1:] }

// withISA runs f under an instruction set and comes back to the old one.
func withISA(l isaLevel, f func()) {
	old := isa
	isa = l
	defer func() { isa = old }()
	f()
}

// randomMat is a strided view, uniform in -1..1, whose gaps hold NaN: reading a
// gap shows in the result, writing one in checkGaps.
func randomMat(r *rand.Rand, rows, cols, gap int) Mat {
	m := Mat{Data: Alloc(rows * (cols + gap)), Rows: rows, Cols: cols, Stride: cols + gap}
	for i := range m.Data {
		m.Data[i] = float32(math.NaN())
	}
	for i := range rows {
		for j := range cols {
			m.Data[i*m.Stride+j] = 2*r.Float32() - 1
		}
	}
	return m
}

// cloneMat copies m, gaps included.
func cloneMat(m Mat) Mat {
	c := m
	c.Data = Alloc(len(m.Data))
	copy(c.Data, m.Data)
	return c
}

// gapsKept reports whether the gaps of a randomMat are still NaN.
func gapsKept(m Mat) bool {
	for i := range m.Rows {
		for j := m.Cols; j < m.Stride; j++ {
			if x := m.Data[i*m.Stride+j]; x == x {
				return false
			}
		}
	}
	return true
}

// maxDiff is the largest difference between equal shapes; NaN if any is.
func maxDiff(a, b Mat) float64 {
	worst := 0.0
	for i := range a.Rows {
		for j, x := range a.Row(i) {
			d := math.Abs(float64(x) - float64(b.Row(i)[j]))
			if math.IsNaN(d) {
				return d
			}
			worst = max(worst, d)
		}
	}
	return worst
}

// equalBits reports whether equal shapes hold equal bits.
func equalBits(a, b Mat) bool {
	for i := range a.Rows {
		for j, x := range a.Row(i) {
			if math.Float32bits(x) != math.Float32bits(b.Row(i)[j]) {
				return false
			}
		}
	}
	return true
}

// rowMat views a slice as one row.
func rowMat(x []float32) Mat { return Mat{Data: x, Rows: 1, Cols: len(x), Stride: len(x)} }

func TestChooseISA(t *testing.T) {
	available := []isaLevel{isaPortable, isaAVX2}
	if got := chooseISA("", available); got != isaAVX2 {
		t.Errorf("unforced: %v", got)
	}
	if got := chooseISA("portable", available); got != isaPortable {
		t.Errorf("forced down: %v", got)
	}
	for _, forced := range []string{"avx512", "neon", "sse"} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "this machine has portable, avx2") {
					t.Errorf("PAWL_CPU=%s: panic %q", forced, s)
				}
			}()
			chooseISA(forced, available)
		}()
	}
}

func TestMatViews(t *testing.T) {
	m := NewMat(4, 6)
	for i := range m.Data {
		m.Data[i] = float32(i)
	}
	v := m.Slice(1, 3).Columns(2, 5)
	if v.Rows != 2 || v.Cols != 3 || v.Row(0)[0] != 8 || v.Row(1)[2] != 16 || len(v.Data) != 9 {
		t.Errorf("view: %+v", v)
	}
	if e := m.Slice(4, 4); e.Rows != 0 {
		t.Errorf("empty slice: %+v", e)
	}
}
