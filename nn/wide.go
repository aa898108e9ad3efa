package nn

import (
	"runtime"
	"sync/atomic"
	"time"

	"pawl/tensor"
)

// wideProducts shares the large products of a decoding step with idle cores: one
// sequence of a large model is bound by how fast its weights are read, and two
// cores read faster than one.
//
// A product is cut into pieces of columns by its shape alone, and an element of
// it is the same whoever computes it, so results depend on nothing here. The
// owner takes pieces until none is left and waits for those that helpers still
// have; a helper that comes late finds nothing, and is not waited for.
type wideProducts struct {
	// Generation and pieces not yet taken, in the upper and lower half. A piece
	// is taken by counting down; the generation keeps a helper that read the
	// state of an earlier product from taking one of a later.
	state atomic.Uint64
	done  atomic.Int32 // pieces computed
	alive atomic.Int32 // helpers
	help  int          // how many there may be
	task  func()

	// On cores that others use, too, a helper may lose its core with a piece in
	// hand, for a hundred times as long as the piece takes. After such a wait the
	// next rest products are not shared, twice as many after each further one.
	rest, pause int

	// The product under way; set before state, read only by who has a piece.
	c, a tensor.Mat
	p    *tensor.Packed
	acc  bool
	per  int // columns of a piece
}

const (
	wideWeights = 1 << 17 // products with fewer weights stay on one core
	wideBytes   = 1 << 17 // of weights in a piece: about 10 microseconds from memory
	panelColumn = 16      // columns that are packed together
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
	w.c, w.a, w.p, w.acc = c, a, p, acc
	w.per = max(1, wideBytes/(4*panelColumn*p.K)) * panelColumn
	pieces := (p.N + w.per - 1) / w.per
	w.done.Store(0)
	w.state.Store((w.state.Load()>>32+1)<<32 | uint64(pieces))
	for int(w.alive.Load()) < w.help {
		if w.task == nil {
			w.task = w.assist
		}
		w.alive.Add(1)
		go w.task()
	}
	for w.piece() {
	}
	w.wait(int32(pieces), a.Rows)
}

// wait is for the pieces that helpers have, each of so many rows.
func (w *wideProducts) wait(pieces int32, rows int) {
	var begun time.Time
	for spins := 1; w.done.Load() < pieces; spins++ {
		if spins == 256 {
			begun = time.Now()
		}
		if spins%256 == 0 {
			runtime.Gosched()
		}
	}
	if !begun.IsZero() && time.Since(begun) > time.Duration(rows)*tooLong {
		w.pause = min(2*w.pause+256, 1<<14)
		w.rest = w.pause
	} else if w.pause > 0 {
		w.pause--
	}
}

// tooLong to wait for a piece of one row.
const tooLong = 100 * time.Microsecond

// piece takes a piece of the product and computes it; false if none is left.
func (w *wideProducts) piece() bool {
	for {
		s := w.state.Load()
		if uint32(s) == 0 {
			return false
		}
		if !w.state.CompareAndSwap(s, s-1) {
			continue
		}
		lo := (int(uint32(s)) - 1) * w.per
		hi := min(lo+w.per, w.p.N)
		part := w.p.Columns(lo, hi)
		tensor.Mul(w.c.Columns(lo, hi), w.a, &part, w.acc)
		w.done.Add(1)
		return true
	}
}

// patience is how long a helper looks for work: longer than what lies between
// the products of a step, short enough to cost little where a step was the last.
const patience = 200 * time.Microsecond

// assist is a helper.
func (w *wideProducts) assist() {
	defer w.alive.Add(-1)
	last := time.Now()
	for spins := 1; ; spins++ {
		if w.piece() {
			spins = 0
			continue
		}
		if spins%512 == 0 {
			if spins == 512 {
				last = time.Now()
			} else if time.Since(last) > patience {
				return
			}
			runtime.Gosched()
		}
	}
}
