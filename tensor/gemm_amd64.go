package tensor

import "unsafe"

//go:generate go run ./internal/gemmgen

// tile is what a product kernel is told: C [rows, columns] = A·B, where A is
// read in place with a stride between rows and one between steps of k (so that
// it may as well be transposed), and B row by row. All strides are in bytes.
// The kernels of gemm_amd64.s read it by field.
type tile struct {
	c        *float32
	ldc      int
	a        *float32
	ars, aks int
	b        *float32
	ldb      int // between steps of k
	b2       int // from the first vector to the second, or from panel to panel
	k        int // at least 1
	rows     int // of C; for the vector kernels, panels
	acc      int // nonzero: start from C
	lanes    *int32
	next     uintptr // address of what the next call reads; no pointer, for it is moved past its end
	ahead    int     // lines of 64 bytes at next that are fetched per tile
	mask     uint32  // the last vector's columns: a bit mask for AVX-512, eight words for AVX2
}

// The kernels: one or two vectors of columns, the last one masked.

//go:noescape
func tileAVX512x1(t *tile)

//go:noescape
func tileAVX512x2(t *tile)

//go:noescape
func tileAVX2x1(t *tile)

//go:noescape
func tileAVX2x2(t *tile)

//go:noescape
func tileAVX2x1Masked(t *tile)

//go:noescape
func tileAVX2x2Masked(t *tile)

// One row against full panels.

//go:noescape
func vectorAVX512(t *tile)

//go:noescape
func vectorAVX2(t *tile)

const (
	// kBlock steps of k of two panels (32 KB) stay in the first-level cache.
	kBlock = 256
	// rowBlock rows of kBlock elements of A stay in the second-level cache, and
	// keep a call, which nothing can preempt, near 10 microseconds.
	rowBlock = 256
	// columnBlock columns of kBlock rows of B, and transposedRows rows of C with
	// their part of A, stay in the second-level cache together.
	columnBlock    = 512
	transposedRows = 128
	// Rows of A that are a multiple of aliased apart share a set of the first-level
	// cache; copyStride spreads them.
	aliased    = 1024
	copyStride = transposedRows + panelWidth
	// rowBytes of B per call of a vector kernel take some 30 microseconds when
	// they come from memory.
	rowBytes = 1 << 19
)

// leading is a mask of the first n of 16 words.
func leading(n int) *int32 { return &tailMasks[16-n] }

// columns runs the kernels over the next cols columns of C, at most 32. Panels
// of 16 columns of B lie step bytes apart: 64 where B is read in place. It may
// move t.c and t.b.
func (t *tile) columns(cols, step int) {
	if hasAVX512() {
		if cols > panelWidth {
			t.b2 = step
			t.mask = 1<<(cols-panelWidth) - 1
			tileAVX512x2(t)
		} else {
			t.mask = 1<<cols - 1
			tileAVX512x1(t)
		}
		return
	}
	const vector = 8
	t.b2 = 4 * vector
	for {
		n := min(cols, panelWidth)
		switch {
		case n == 2*vector:
			tileAVX2x2(t)
		case n > vector:
			t.lanes = leading(n - vector)
			tileAVX2x2Masked(t)
		case n == vector:
			tileAVX2x1(t)
		default:
			t.lanes = leading(n)
			tileAVX2x1Masked(t)
		}
		if cols -= n; cols == 0 {
			break
		}
		t.c = words(t.c, panelWidth)
		t.b = words(t.b, step/4)
	}
}

// inPlace runs the kernels over all cols columns of C, with B in place, and
// leaves t as it was.
func (t *tile) inPlace(cols int) {
	const pair = 2 * panelWidth
	c, b := t.c, t.b
	t.columns(min(pair, cols), panelWidth*4)
	for j := pair; j < cols; j += pair {
		t.c, t.b = words(c, j), words(b, j)
		t.columns(min(pair, cols-j), panelWidth*4)
	}
	t.c, t.b = c, b
}

// rowInPlace is inPlace for a single row: all full panels at once, for what is
// added to one element waits for what was added before, and the elements of many
// panels do not wait for each other.
func (t *tile) rowInPlace(cols int) {
	if cols%panelWidth != 0 {
		t.inPlace(cols)
		return
	}
	t.b2, t.rows = panelWidth*4, cols/panelWidth
	if hasAVX512() {
		vectorAVX512(t)
	} else {
		vectorAVX2(t)
	}
	t.rows = 1
}

// mulVector is Mul in assembly.
func mulVector(c, a Mat, p *Packed, acc bool) {
	if a.Rows == 0 || p.N == 0 {
		return
	}
	if p.K == 0 {
		if !acc {
			clearMat(c)
		}
		return
	}
	const pair = 2 * panelWidth
	step := p.K * panelWidth * 4
	t := tile{ldc: c.Stride * 4, ars: a.Stride * 4, aks: 4, ldb: panelWidth * 4, acc: flag(acc)}
	if a.Rows == 1 {
		t.row(c, a, p, step)
		return
	}
	steps, rows := kBlock, rowBlock
	if p.K > kBlock && !hasAVX512() {
		// These kernels take a panel at a time, so that it may be twice as deep: C is
		// written half as often, and longer runs of A are read on end. Its 32 KB stay
		// in a first-level cache of 48 KB, where this was measured; of one of 32 KB
		// they would fill all.
		steps, rows = 2*kBlock, rowBlock/2
	}
	for k := 0; k < p.K; k += steps {
		t.k = min(steps, p.K-k)
		for i := 0; i < a.Rows; i += rows {
			t.rows = min(rows, a.Rows-i)
			t.a = &a.Data[i*a.Stride+k]
			for j := 0; j < p.N; j += pair {
				t.c = &c.Data[i*c.Stride+j]
				t.b = &p.data[j*p.K+k*panelWidth]
				t.ahead = 0
				if after := j + pair; i == 0 && after < p.N {
					// The panels of the next columns, spread over the tiles of these;
					// further rows find them near.
					t.next = uintptr(unsafe.Pointer(&p.data[after*p.K+k*panelWidth]))
					t.ahead = (2*t.k + t.rows/8) / max(1, t.rows/8)
				}
				t.columns(min(pair, p.N-j), step)
			}
		}
		t.acc = 1
	}
}

// row is the product of a single row: full panels by the vector kernel, the rest
// as a tile.
func (t *tile) row(c, a Mat, p *Packed, step int) {
	// Three or more panels: fewer are as fast in a tile.
	const few = 2
	t.a, t.k = &a.Data[0], p.K
	j := 0
	if full := p.N / panelWidth; full > few {
		t.b2 = step
		atOnce := max(1, rowBytes/step)
		for left := full; left > 0; left -= t.rows {
			t.c, t.b, t.rows = &c.Data[j], &p.data[j*p.K], min(left, atOnce)
			if hasAVX512() {
				vectorAVX512(t)
			} else {
				vectorAVX2(t)
			}
			j += t.rows * panelWidth
		}
	}
	t.rows = 1
	for ; j < p.N; j += 2 * panelWidth {
		t.c, t.b = &c.Data[j], &p.data[j*p.K]
		t.columns(min(2*panelWidth, p.N-j), step)
	}
}

// mulTNVector is MulTN in assembly. A block of B is copied next to each other, as
// reading it in place would touch a page or a cache set per step of k. A, which
// strides transpose, is copied by blocks where its rows are long, for the same
// reason, and so that it is fetched once.
func mulTNVector(c, a, b Mat, acc bool) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	if a.Rows == 0 {
		if !acc {
			clearMat(c)
		}
		return
	}
	const pair = 2 * panelWidth
	copied := a.Stride%aliased == 0 && !hasAVX512()
	scratch := borrow(kBlock * (columnBlock + copyStride))
	panels, block := scratch.data[:kBlock*columnBlock], scratch.data[kBlock*columnBlock:]
	t := tile{ldc: c.Stride * 4, ars: 4, aks: a.Stride * 4, ldb: panelWidth * 4}
	if copied {
		t.aks = copyStride * 4
	}
	for j0 := 0; j0 < b.Cols; j0 += columnBlock {
		width := min(columnBlock, b.Cols-j0)
		t.acc = flag(acc)
		for k := 0; k < a.Rows; k += kBlock {
			t.k = min(kBlock, a.Rows-k)
			for j := 0; j < width; j += panelWidth {
				packPanel(panels[j*t.k:], b, k, t.k, j0+j, min(panelWidth, width-j))
			}
			for i := 0; i < c.Rows; i += transposedRows {
				t.rows = min(transposedRows, c.Rows-i)
				t.a = &a.Data[k*a.Stride+i]
				if copied {
					for kk := range t.k {
						copy(block[kk*copyStride:], a.Data[(k+kk)*a.Stride+i:][:t.rows])
					}
					t.a = &block[0]
				}
				for j := 0; j < width; j += pair {
					t.c, t.b = &c.Data[i*c.Stride+j0+j], &panels[j*t.k]
					t.columns(min(pair, width-j), t.k*panelWidth*4)
				}
			}
			t.acc = 1
		}
	}
	scratch.release()
}
