package stats

import "math"

// Slope is a linear effect of one thing on another within groups.
type Slope struct {
	Value       float64 // change of y for a change of 1 in x
	Correlation float64 // in -1..1; 0 where either does not vary
	N           int     // values in groups that say something
}

// WithinSlope fits y to x with an intercept for each group (fixed effects): what
// differs between groups, such as how hard a task is, says nothing about it.
// Groups of one value, or of one x, do not count. xs and ys are lists by group.
func WithinSlope(xs, ys [][]float64) Slope {
	var s Slope
	var xx, xy, yy float64
	for g, x := range xs {
		mx, my := Mean(x), Mean(ys[g])
		varies := false
		for i := range x {
			dx, dy := x[i]-mx, ys[g][i]-my
			xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
			varies = varies || x[i] != x[0]
		}
		if varies {
			s.N += len(x)
		}
	}
	if xx > 0 {
		s.Value = xy / xx
	}
	if xx > 0 && yy > 0 {
		s.Correlation = xy / math.Sqrt(xx*yy)
	}
	return s
}

// Residuals is y without what z explains of it within each group, by least
// squares: what is left to explain by something else.
func Residuals(ys, zs [][]float64) [][]float64 {
	slope := WithinSlope(zs, ys).Value
	out := make([][]float64, len(ys))
	for g, y := range ys {
		mz := Mean(zs[g])
		for i := range y {
			out[g] = append(out[g], y[i]-slope*(zs[g][i]-mz))
		}
	}
	return out
}

// LogisticSlope fits p = 1 / (1 + exp(-(a + b x))) to shares p in 0..1, with a
// ridge penalty of ridge/2 on b squared, which keeps b finite where x tells all
// high shares from all low ones, and returns b. Newton's method, which the
// penalty makes safe; no values give 0.
func LogisticSlope(x, p []float64, ridge float64) float64 {
	var a, b float64
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i := range x {
			q := 1 / (1 + math.Exp(-(a + b*x[i])))
			w := q * (1 - q)
			ga, gb = ga+p[i]-q, gb+(p[i]-q)*x[i]
			haa, hab, hbb = haa+w, hab+w*x[i], hbb+w*x[i]*x[i]
		}
		gb, hbb = gb-ridge*b, hbb+ridge
		haa += 1e-9 // of an intercept that runs away where all shares are 0 or 1
		det := haa*hbb - hab*hab
		if len(x) == 0 || det <= 0 {
			return b
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		da, db = max(-4, min(4, da)), max(-4, min(4, db))
		a, b = max(-30, min(30, a+da)), b+db
		if math.Abs(da)+math.Abs(db) < 1e-12 {
			return b
		}
	}
	return b
}
