package stats

import (
	"fmt"
	"math"
)

// Slope is a linear effect of one thing on another within groups.
type Slope struct {
	Value       float64 // change of y for a change of 1 in x
	Correlation float64 // partial, in -1..1; 0 where x or y does not vary
	N           int     // values in groups whose x varies
}

// Within is what there is to know of groups of x, y and z for the effect of x on
// y within them, z held fixed: sums of squares and products about the groups'
// means. What differs between groups, such as how hard a task is, says nothing
// about it. It adds up over groups.
type Within struct {
	xx, xy, yy, xz, yz, zz float64
	n                      int
}

// NewWithin is one group; zs may be nil, where nothing is held fixed.
func NewWithin(xs, ys, zs []float64) Within {
	if len(xs) != len(ys) || zs != nil && len(zs) != len(xs) {
		panic(fmt.Sprintf("stats: a group of %d, %d and %d values", len(xs), len(ys), len(zs)))
	}
	var w Within
	mx, my, mz := Mean(xs), Mean(ys), Mean(zs)
	varies := false
	for i, x := range xs {
		dx, dy, dz := x-mx, ys[i]-my, 0.0
		if zs != nil {
			dz = zs[i] - mz
		}
		w.xx, w.xy, w.yy = w.xx+dx*dx, w.xy+dx*dy, w.yy+dy*dy
		w.xz, w.yz, w.zz = w.xz+dx*dz, w.yz+dy*dz, w.zz+dz*dz
		varies = varies || x != xs[0]
	}
	if varies {
		w.n = len(xs)
	}
	return w
}

// Add adds the groups of v to those of w.
func (w *Within) Add(v Within) {
	w.xx, w.xy, w.yy = w.xx+v.xx, w.xy+v.xy, w.yy+v.yy
	w.xz, w.yz, w.zz = w.xz+v.xz, w.yz+v.yz, w.zz+v.zz
	w.n += v.n
}

// Effect fits y to x with an intercept for each group, both freed of what z
// explains of them (Frisch and Waugh, "Partial time regressions as compared with
// individual trends", 1933).
func (w Within) Effect() Slope {
	s := Slope{N: w.n}
	xx, xy, yy := w.xx, w.xy, w.yy
	if w.zz > 0 {
		xx, xy, yy = xx-w.xz*w.xz/w.zz, xy-w.xz*w.yz/w.zz, yy-w.yz*w.yz/w.zz
	}
	const nothing = 1e-12 // of the whole: what is left of a thing that z explains is rounding
	if xx > nothing*w.xx {
		s.Value = xy / xx
		if yy > nothing*w.yy {
			s.Correlation = max(-1, min(1, xy/math.Sqrt(xx*yy)))
		}
	}
	return s
}
