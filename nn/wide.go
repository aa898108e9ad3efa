package nn

import (
	"time"

	"pawl/nn/crew"
	"pawl/tensor"
)

// wideProducts shares the large products of a decoding step with idle cores: one
// sequence of a large model is bound by how fast its weights are read, and two
// cores read faster than one.
//
// A product is cut into pieces of columns by its shape alone, and an element of
// it is the same whoever computes it, so results depend on nothing here.
type wideProducts struct {
	crew  crew.Crew
	help  int // how many helpers there may be
	piece func(worker, i int)

	// On cores that others use, too, a helper may lose its core with a piece in
	// hand, for a hundred times as long as the piece takes. After such a wait the
	// next rest products are not shared, twice as many after each further one.
	rest, pause int

	// The product under way.
	c, a tensor.Mat
	p    *tensor.Packed
	acc  bool
	per  int // columns of a piece
}

const (
	wideWeights = 1 << 17 // products with fewer weights stay on one core
	wideBytes   = 1 << 17 // of weights in a piece: about 10 microseconds from memory
	panelColumn = 16      // columns that are packed together

	// tooLong to wait for a piece of one row.
	tooLong = 100 * time.Microsecond
)

// mul is tensor.Mul.
func (w *wideProducts) mul(c, a tensor.Mat, p *tensor.Packed, acc bool) {
	if w.rest > 0 {
		w.rest--
	}
	if w.help == 0 || w.rest > 0 || p.K*p.N < wideWeights {
		tensor.Mul(c, a, p, acc)
		return
	}
	if w.piece == nil {
		w.piece = w.multiply
	}
	w.c, w.a, w.p, w.acc = c, a, p, acc
	w.per = max(1, wideBytes/(4*panelColumn*p.K)) * panelColumn
	w.crew.Size(w.help + 1)
	switch waited := w.crew.Run((p.N+w.per-1)/w.per, w.piece); {
	case waited > time.Duration(a.Rows)*tooLong:
		w.pause = min(2*w.pause+256, 1<<14)
		w.rest = w.pause
	case w.pause > 0:
		w.pause--
	}
}

// multiply is piece i of the product.
func (w *wideProducts) multiply(_, i int) {
	lo, hi := i*w.per, min((i+1)*w.per, w.p.N)
	part := w.p.Columns(lo, hi)
	tensor.Mul(w.c.Columns(lo, hi), w.a, &part, w.acc)
}
