package tensor

import "fmt"

// panelWidth is the number of columns the products' inner loop takes at once;
// the last panel is half as wide where that is enough.
const (
	panelWidth = 32
	panelHalf  = 16
)

// Packed is the right-hand side of products, K by N, cut into panels of 32
// columns, each row-major: element (k, j) of panel p is data[p*32*K + k*w + j].
// The width w is 32, or 16 in the last panel if at most 16 columns are left;
// columns beyond N are zero. All instruction sets share the layout.
//
// Packing again reuses the memory. Any number of goroutines may read.
type Packed struct {
	K, N int
	data []float32
}

// panel returns the panel that starts at column j (a multiple of 32), its width,
// and how many of its columns are real.
func (p *Packed) panel(j int) (data []float32, width, cols int) {
	width, cols = panelWidth, min(panelWidth, p.N-j)
	if cols <= panelHalf {
		width = panelHalf
	}
	return p.data[j*p.K : j*p.K+width*p.K], width, cols
}

// resize makes room for k by n.
func (p *Packed) resize(k, n int) {
	p.K, p.N = k, n
	size := k * roundUp(n, panelHalf)
	if cap(p.data) < size {
		p.data = Alloc(size)
	}
	p.data = p.data[:size]
}

// Pack makes p the matrix b: K = b.Rows, N = b.Cols.
func (p *Packed) Pack(b Mat) {
	b.check("Pack", "b")
	p.resize(b.Rows, b.Cols)
	for j := 0; j < p.N; j += panelWidth {
		data, width, cols := p.panel(j)
		packPanel(data, width, b, 0, b.Rows, j, cols)
	}
}

// packPanel copies rows r0:r0+rows, columns j:j+cols of b into a panel.
func packPanel(data []float32, width int, b Mat, r0, rows, j, cols int) {
	for k := range rows {
		row := data[k*width : k*width+width]
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
	for j := 0; j < p.N; j += panelWidth {
		data, width, cols := p.panel(j)
		transpose(data, width, b.view(j, 0, cols, b.Cols))
		if cols < width {
			for k := range p.K {
				clear(data[k*width+cols : k*width+width])
			}
		}
	}
}

// transpose writes src [r, c] to dst as [c, r] with the given stride between
// rows of dst.
func transpose(dst []float32, stride int, src Mat) {
	if stride < src.Rows || src.Rows > 0 && src.Cols > 0 && len(dst) < (src.Cols-1)*stride+src.Rows {
		panic(fmt.Sprintf("tensor: transposing %dx%d into %d values with stride %d", src.Rows, src.Cols, len(dst), stride))
	}
	for i := range src.Rows {
		for j, x := range src.Row(i) {
			dst[j*stride+i] = x
		}
	}
}
