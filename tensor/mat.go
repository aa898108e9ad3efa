package tensor

import (
	"fmt"
	"unsafe"
)

// Mat is a view of a row-major matrix: element (i, j) is Data[i*Stride+j].
// Stride is at least Cols; the elements between belong to somebody else.
type Mat struct {
	Data               []float32
	Rows, Cols, Stride int
}

// NewMat returns a zeroed rows by cols matrix without gaps, its data aligned as
// by Alloc.
func NewMat(rows, cols int) Mat {
	return Mat{Data: Alloc(rows * cols), Rows: rows, Cols: cols, Stride: cols}
}

// alignment is one cache line, and one AVX-512 register.
const alignment = 64

// Alloc returns n zeroed values that start on a 64-byte boundary, which Go
// itself does not promise.
func Alloc(n int) []float32 {
	if n == 0 {
		return nil
	}
	const slack = alignment / 4
	raw := make([]float32, n+slack)
	hugePages(raw)
	skip := 0
	if off := uintptr(unsafe.Pointer(&raw[0])) % alignment; off != 0 {
		skip = int(alignment-off) / 4
	}
	return raw[skip : skip+n : skip+n]
}

// Row is row i: Cols values that share memory with m.
func (m Mat) Row(i int) []float32 {
	if m.Cols == 0 {
		return nil
	}
	o := i * m.Stride
	return m.Data[o : o+m.Cols : o+m.Cols]
}

// Slice is the view of rows r0 to r1, r1 excluded.
func (m Mat) Slice(r0, r1 int) Mat {
	if r0 < 0 || r1 < r0 || r1 > m.Rows {
		panic(fmt.Sprintf("tensor: rows %d:%d of a matrix with %d rows", r0, r1, m.Rows))
	}
	return m.view(r0, 0, r1-r0, m.Cols)
}

// Columns is the view of columns c0 to c1, c1 excluded: the queries within a
// fused projection, or one head within the queries.
func (m Mat) Columns(c0, c1 int) Mat {
	if c0 < 0 || c1 < c0 || c1 > m.Cols {
		panic(fmt.Sprintf("tensor: columns %d:%d of a matrix with %d columns", c0, c1, m.Cols))
	}
	return m.view(0, c0, m.Rows, c1-c0)
}

// view returns rows by cols elements from (r, c) on, without checking.
func (m Mat) view(r, c, rows, cols int) Mat {
	v := Mat{Rows: rows, Cols: cols, Stride: m.Stride}
	if rows > 0 && cols > 0 {
		o := r*m.Stride + c
		v.Data = m.Data[o : o+(rows-1)*m.Stride+cols]
	}
	return v
}

// check panics unless m holds the elements that its shape promises. Wrappers
// call it before any pointer reaches assembly.
func (m Mat) check(op, name string) {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols ||
		(m.Rows > 0 && m.Cols > 0 && len(m.Data) < (m.Rows-1)*m.Stride+m.Cols) {
		panic(fmt.Sprintf("tensor: %s: %s is %dx%d with stride %d, but holds %d values",
			op, name, m.Rows, m.Cols, m.Stride, len(m.Data)))
	}
}

// checkShape panics unless m is sound and rows by cols.
func (m Mat) checkShape(op, name string, rows, cols int) {
	m.check(op, name)
	if m.Rows != rows || m.Cols != cols {
		panic(fmt.Sprintf("tensor: %s: %s is %dx%d, want %dx%d", op, name, m.Rows, m.Cols, rows, cols))
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
