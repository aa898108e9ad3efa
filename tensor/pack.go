package tensor

import (
	"fmt"
	"sync"
)

// panelWidth is the number of columns of a panel: one AVX-512 vector, or two of
// AVX2.
const panelWidth = 16

// Packed is the right-hand side of products, K by N, cut into panels of 16
// columns, each row-major: element (k, 16p+j) is data[(p*K+k)*16+j]. The kernels
// read it straight through. Columns beyond N are zero. All instruction sets
// share the layout.
//
// Packing again reuses the memory. Any number of goroutines may read.
type Packed struct {
	K, N int
	data []float32
}

// resize makes room for k by n.
func (p *Packed) resize(k, n int) {
	p.K, p.N = k, n
	size := k * roundUp(n, panelWidth)
	if cap(p.data) < size {
		p.data = Alloc(size)
	}
	p.data = p.data[:size]
}

// Columns is columns j0 to j1 of the matrix, sharing its memory. Columns are
// packed by 16: j0 is a multiple of it, and so is j1, unless it is N.
func (p *Packed) Columns(j0, j1 int) Packed {
	if j0 < 0 || j1 < j0 || j1 > p.N || j0%panelWidth != 0 || (j1%panelWidth != 0 && j1 != p.N) {
		panic(fmt.Sprintf("tensor: columns %d:%d of a packed matrix with %d columns", j0, j1, p.N))
	}
	return Packed{K: p.K, N: j1 - j0, data: p.data[j0*p.K : roundUp(j1, panelWidth)*p.K]}
}

// panels calls f for each panel with its first column and how many are real.
func (p *Packed) panels(f func(data []float32, j, cols int)) {
	for j := 0; j < p.N; j += panelWidth {
		f(p.data[j*p.K:(j+panelWidth)*p.K], j, min(panelWidth, p.N-j))
	}
}

// Pack makes p the matrix b: K = b.Rows, N = b.Cols.
func (p *Packed) Pack(b Mat) {
	b.check("Pack", "b")
	p.resize(b.Rows, b.Cols)
	p.panels(func(data []float32, j, cols int) { packPanel(data, b, 0, b.Rows, j, cols) })
}

// packPanel copies rows r0:r0+rows, columns j:j+cols of b into a panel.
func packPanel(dst []float32, b Mat, r0, rows, j, cols int) {
	if rows == 0 {
		return
	}
	if hasVector() {
		packPanelVector(dst[:rows*panelWidth], b, r0, rows, j, cols)
		return
	}
	for k := range rows {
		row := dst[k*panelWidth : (k+1)*panelWidth]
		o := (r0+k)*b.Stride + j
		copy(row, b.Data[o:o+cols])
		clear(row[cols:])
	}
}

// PackT makes p the transpose of b: K = b.Cols, N = b.Rows. Weights are stored
// [out, in], so this is the packing of a forward pass.
func (p *Packed) PackT(b Mat) {
	b.check("PackT", "b")
	p.resize(b.Cols, b.Rows)
	p.panels(func(data []float32, j, cols int) {
		transpose(data, panelWidth, b.view(j, 0, cols, b.Cols))
		if cols < panelWidth {
			for k := range p.K {
				clear(data[k*panelWidth+cols : (k+1)*panelWidth])
			}
		}
	})
}

// transpose writes src [r, c] to dst as [c, r], with stride values between rows
// of dst. stride is at least r rounded up to whole panels; up to there the last
// real value of a row is repeated.
func transpose(dst []float32, stride int, src Mat) {
	if src.Rows == 0 || src.Cols == 0 {
		return
	}
	padded := roundUp(src.Rows, panelWidth)
	if stride < padded || len(dst) < (src.Cols-1)*stride+padded {
		panic(fmt.Sprintf("tensor: transposing %dx%d into %d values with stride %d", src.Rows, src.Cols, len(dst), stride))
	}
	if hasVector() && src.Cols >= 8 {
		transposeVector(dst, stride, src)
		return
	}
	for i := range padded {
		for j, x := range src.Row(min(i, src.Rows-1)) {
			dst[j*stride+i] = x
		}
	}
}

// loan is memory borrowed for one call.
type loan struct{ data []float32 }

var loans = sync.Pool{New: func() any { return new(loan) }}

// borrow returns at least n values, aligned as by Alloc and of any content.
func borrow(n int) *loan {
	l := loans.Get().(*loan)
	if len(l.data) < n {
		l.data = Alloc(n)
	}
	return l
}

func (l *loan) release() { loans.Put(l) }
