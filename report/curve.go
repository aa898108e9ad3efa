package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"pawl/loop"
)

// frame is the plot area of a chart and its two axes.
type frame struct {
	*canvas
	x, y  axis
	share bool // y is a share, labelled in percent
}

// newFrame draws the grid and the labels of the y axis.
func newFrame(width, height, left, right float64, values []point, span float64, share bool) frame {
	f := frame{canvas: &canvas{width: width, height: height}, share: share}
	f.y.lo, f.y.hi = around(values, span, share)
	f.y.from, f.y.to = height-34, 14
	f.x.from, f.x.to = left, width-right
	for _, v := range f.y.ticks(5) {
		f.line("grid", left-4, f.y.at(v), width-right, f.y.at(v))
		f.text("tick", "end", left-8, f.y.at(v)+4, f.tick(v))
	}
	return f
}

func (f frame) tick(v float64) string {
	if f.share {
		d := 0
		if f.y.hi-f.y.lo < 0.05 {
			d = 1
		}
		return fixed(100*v, d) + "%"
	}
	step := niceStep((f.y.hi - f.y.lo) / 5)
	if math.Abs(v) >= 1e6 || step >= 1 {
		return number(math.Round(v))
	}
	return fixed(v, int(min(6, math.Ceil(-math.Log10(step)-1e-9))))
}

// rounds labels the x axis with rounds first to last; 0 is the base.
func (f *frame) rounds(first, last int) {
	f.x.lo, f.x.hi = float64(first), float64(last)
	step := max(1, (last-first+7)/8)
	for r := first; r <= last; r += step {
		label := fmt.Sprint(r)
		if r == 0 {
			label = "base"
		}
		f.text("tick", "middle", f.x.at(float64(r)), f.height-18, label)
	}
	f.text("tick", "middle", (f.x.from+f.x.to)/2, f.height-4, "round")
}

// curve draws points with intervals, joined by a line.
func (f frame) curve(i int, points, line []point) {
	var xs, ys []float64
	for _, p := range line {
		xs, ys = append(xs, f.x.at(p.x)), append(ys, f.y.at(p.y))
	}
	f.polyline(series(i)+" line", xs, ys)
	for _, p := range points {
		f.whisker(i, f.x.at(p.x), f.y.at(p.low), f.y.at(p.high))
		f.marker(i, p.hollow, f.x.at(p.x), f.y.at(p.y))
	}
}

// shape is the size of a picture, in units of its text's pixels.
type shape struct{ width, height, audit, labels float64 }

var (
	forPage   = shape{width: 480, height: 300, audit: 64, labels: 112}
	forReadme = shape{width: 720, height: 380, audit: 96, labels: 150}
)

// learning is the picture of the loop's result: accuracy on the gate set by
// round for every arm, and on the sealed audit beside it.
func learning(r *loop.Report, s shape) (*canvas, string) {
	all := arms(r)
	names := audited(r)
	var values []point
	curves := make([][]point, len(all))
	last := 1
	for i, a := range all {
		curves[i] = finite(gatePoints(a))
		values = append(values, curves[i]...)
		for _, p := range curves[i] {
			last = max(last, int(p.x))
		}
	}
	sealed := make([]point, 0, len(names))
	for n, name := range names {
		e := r.Audit[name]
		sealed = append(sealed, point{x: float64(n), y: e.Accuracy, low: e.Low, high: e.High})
	}
	sealed = finite(sealed)
	right := s.labels + 10
	if len(sealed) > 0 {
		right += s.audit
	}
	f := newFrame(s.width, s.height, 48, right, append(values, sealed...), 0.2, share(r))
	f.rounds(0, last)
	for i := len(all) - 1; i >= 0; i-- { // the run itself on top
		f.curve(i, aside(i, len(all), f, curves[i]), aside(i, len(all), f, forced(curves[i])))
	}
	if len(sealed) > 0 {
		f.audit(r, s, names, sealed)
	} else {
		f.endings(s, all, curves)
	}
	return f.canvas, describe(r)
}

// aside moves an arm's points a little sideways, all but the common base, so
// that its intervals do not lie on those of the others.
func aside(i, n int, f frame, points []point) []point {
	out := slices.Clone(points)
	pixel := (f.x.hi - f.x.lo) / (f.x.to - f.x.from)
	for k := range out {
		if out[k].x > 0 {
			out[k].x -= 5 * pixel * float64(n-1-i)
		}
	}
	return out
}

// audit draws the column of sealed results, each named at its height.
func (f frame) audit(r *loop.Report, s shape, names []string, sealed []point) {
	left := s.width - s.labels - s.audit
	f.rect("band", left, f.y.to-6, s.audit, f.y.from-f.y.to+12)
	f.text("tick", "middle", left+s.audit/2, f.height-18, "sealed")
	f.text("tick", "middle", left+s.audit/2, f.height-4, "audit")
	column := axis{0, float64(max(1, len(sealed)-1)), left + 12, left + s.audit - 12}
	want := make([]float64, len(sealed))
	for n, p := range sealed {
		want[n] = f.y.at(p.y)
	}
	at := spaced(want, 15, f.y.to, f.y.from)
	for n, p := range sealed {
		i := seriesOf(r, names[n])
		x := column.at(p.x)
		f.line(series(i)+" leader", x+5, want[n], left+s.audit+4, at[n])
		f.whisker(i, x, f.y.at(p.low), f.y.at(p.high))
		f.marker(i, false, x, want[n])
		f.text(series(i)+" name", "start", left+s.audit+8, at[n]+4, shortName(names[n], s)+" "+score(r, p.y))
	}
}

// endings names the curves where there is no audit to do it.
func (f frame) endings(s shape, all []armRows, curves [][]point) {
	var want []float64
	var which []int
	for i := range all {
		if n := len(curves[i]); n > 0 {
			want, which = append(want, f.y.at(curves[i][n-1].y)), append(which, i)
		}
	}
	for n, y := range spaced(want, 15, f.y.to, f.y.from) {
		f.text(series(which[n])+" name", "start", f.x.to+10, y+4, shortName(all[which[n]].label(), s))
	}
}

func shortName(name string, s shape) string {
	room := int(s.labels/7) - 6
	if r := []rune(name); len(r) > room {
		return strings.TrimSpace(string(r[:room-1])) + "…"
	}
	return name
}

// seriesOf is the series of an audit row: that of its arm, and one of its own
// for the base.
func seriesOf(r *loop.Report, name string) int {
	for i, a := range arms(r) {
		if a.audit() == name {
			return i
		}
	}
	return 5
}

// describe tells the picture in words.
func describe(r *loop.Report) string {
	var parts []string
	for _, a := range arms(r) {
		points := finite(gatePoints(a))
		if len(points) == 0 {
			continue
		}
		s := fmt.Sprintf("%s went from %s to %s on the gate tasks in %s", a.label(), score(r, points[0].y), score(r, points[len(points)-1].y), plural(len(a.rounds), "round"))
		if e, ok := r.Audit[a.audit()]; ok {
			s += fmt.Sprintf(", and is at %s on the sealed audit", score(r, e.Accuracy))
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ") + "."
}

// overRounds draws figures of several arms over the rounds; arms without any
// are left out. Nothing is drawn where no arm has one.
func overRounds(id, title string, width, height float64, names []string, curves [][]point, span float64, share bool) template.HTML {
	var values []point
	first, last := 1, 1
	for i := range curves {
		curves[i] = finite(curves[i])
		values = append(values, curves[i]...)
		for _, p := range curves[i] {
			last = max(last, int(p.x))
		}
	}
	if len(values) == 0 {
		return ""
	}
	f := newFrame(width, height, 48, 84, values, span, share)
	f.rounds(first, last)
	var want []float64
	var which []int
	var told []string
	for i := len(curves) - 1; i >= 0; i-- {
		f.curve(i, curves[i], curves[i])
		if n := len(curves[i]); n > 0 {
			want, which = append(want, f.y.at(curves[i][n-1].y)), append(which, i)
			told = append(told, fmt.Sprintf("%s ends at %s", names[i], f.tick(curves[i][n-1].y)))
		}
	}
	for n, y := range spaced(want, 15, f.y.to, f.y.from) {
		f.text(series(which[n])+" name", "start", f.x.to+9, y+4, shortName(names[which[n]], shape{labels: 110}))
	}
	return f.svg(id, title, strings.Join(told, "; ")+".")
}
