package report

import (
	"cmp"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// point is a figure with its interval, somewhere along x.
type point struct {
	x, y, low, high float64
	hollow          bool // not promoted
}

// finite drops what cannot be drawn, and makes intervals hold their figure.
func finite(in []point) []point {
	var out []point
	for _, p := range in {
		if bad(p.x) || bad(p.y) {
			continue
		}
		if bad(p.low) || bad(p.high) {
			p.low, p.high = p.y, p.y
		}
		p.low, p.high = min(p.low, p.y), max(p.high, p.y)
		out = append(out, p)
	}
	return out
}

func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// axis maps values to coordinates.
type axis struct {
	lo, hi   float64 // values
	from, to float64 // coordinates
}

func (a axis) at(v float64) float64 {
	if a.hi == a.lo {
		return (a.from + a.to) / 2
	}
	return a.from + (v-a.lo)/(a.hi-a.lo)*(a.to-a.from)
}

// ticks gives about n round values within the axis.
func (a axis) ticks(n int) []float64 {
	step := niceStep((a.hi - a.lo) / float64(max(n, 1)))
	var out []float64
	for i := math.Ceil(a.lo/step - 1e-9); i*step <= a.hi+step*1e-9; i++ {
		out = append(out, i*step)
	}
	return out
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten that is not
// below s.
func niceStep(s float64) float64 {
	if !(s > 0) || bad(s) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(s)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= s*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// around is the range of an axis for values: rounded outwards, at least span
// wide; shares stay between 0 and 1.
func around(values []point, span float64, share bool) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range values {
		lo, hi = min(lo, p.low), max(hi, p.high)
	}
	if lo > hi {
		return 0, 1
	}
	span = max(span, 1e-6, (math.Abs(lo)+math.Abs(hi))*1e-6)
	if grow := span - (hi - lo); grow > 0 {
		lo, hi = lo-grow/2, hi+grow/2
	}
	if share {
		if hi > 1 {
			lo, hi = lo-(hi-1), 1
		}
		if lo < 0 {
			lo, hi = 0, min(1, hi-lo)
		}
	}
	step := niceStep((hi - lo) / 5)
	lo, hi = math.Floor(lo/step+1e-9)*step, math.Ceil(hi/step-1e-9)*step
	if share {
		lo, hi = max(0, lo), min(1, hi)
	}
	return lo, hi
}

// canvas collects the elements of one picture. All text is escaped.
type canvas struct {
	b             strings.Builder
	width, height float64
}

func (c *canvas) el(name, class string, attrs ...any) {
	c.open(name, class, attrs...)
	c.b.WriteString("/>")
}

// open writes a tag without its end; attrs are names and values in turn.
func (c *canvas) open(name, class string, attrs ...any) {
	c.b.WriteString("<" + name)
	if class != "" {
		c.b.WriteString(` class="` + html.EscapeString(class) + `"`)
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		c.b.WriteString(" " + attrs[i].(string) + `="`)
		switch v := attrs[i+1].(type) {
		case float64:
			c.b.WriteString(coord(v))
		case string:
			c.b.WriteString(html.EscapeString(v))
		}
		c.b.WriteString(`"`)
	}
}

// coord writes a coordinate. Callers pass finite values only; a fault in one
// figure must still not spoil the page.
func coord(v float64) string {
	if bad(v) {
		v = 0
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(strings.Replace(s, "-0.0", "0.0", 1), ".0")
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.el("line", class, "x1", x1, "y1", y1, "x2", x2, "y2", y2)
}

func (c *canvas) rect(class string, x, y, w, h float64) {
	c.el("rect", class, "x", x, "y", y, "width", max(0, w), "height", max(0, h))
}

// text anchors s at "start", "middle" or "end".
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.open("text", class, "x", x, "y", y, "text-anchor", anchor)
	c.b.WriteString(">" + html.EscapeString(s) + "</text>")
}

// polyline joins points in order.
func (c *canvas) polyline(class string, xs, ys []float64) {
	if len(xs) < 2 {
		return
	}
	var b strings.Builder
	for i := range xs {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(coord(xs[i]) + "," + coord(ys[i]))
	}
	c.el("polyline", class, "points", b.String())
}

// marker draws the mark of series i: shapes differ, so that colour is not
// needed to tell them apart.
func (c *canvas) marker(i int, hollow bool, x, y float64) {
	class := series(i) + " mark"
	if hollow {
		class += " hollow"
	}
	const r = 4.0
	switch i % 4 {
	case 0:
		c.el("circle", class, "cx", x, "cy", y, "r", r)
	case 1:
		c.el("rect", class, "x", x-r+0.4, "y", y-r+0.4, "width", 2*r-0.8, "height", 2*r-0.8)
	case 2:
		c.el("polygon", class, "points", corners(x, y-r-0.5, x+r+0.5, y+r-0.5, x-r-0.5, y+r-0.5))
	default:
		c.el("polygon", class, "points", corners(x, y-r-1, x+r+1, y, x, y+r+1, x-r-1, y))
	}
}

func corners(v ...float64) string {
	var b strings.Builder
	for i := 0; i < len(v); i += 2 {
		b.WriteString(coord(v[i]) + "," + coord(v[i+1]) + " ")
	}
	return strings.TrimSpace(b.String())
}

// whisker is an upright interval.
func (c *canvas) whisker(i int, x, low, high float64) {
	if math.Abs(high-low) < 0.5 {
		return
	}
	class := series(i) + " whisker"
	c.line(class, x, low, x, high)
	c.line(class, x-3, low, x+3, low)
	c.line(class, x-3, high, x+3, high)
}

// series is the class of series i; beyond six, colours come again.
func series(i int) string { return "s" + strconv.Itoa(i%6) }

// svg closes the picture: title and description are what those hear who
// cannot see it. The id must be unique in its page.
func (c *canvas) svg(id, title, desc string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="chart" role="img" viewBox="0 0 ` + coord(c.width) + " " + coord(c.height) + `"`)
	b.WriteString(` aria-labelledby="` + html.EscapeString(id) + `-t ` + html.EscapeString(id) + `-d">`)
	b.WriteString(`<title id="` + html.EscapeString(id) + `-t">` + html.EscapeString(title) + `</title>`)
	b.WriteString(`<desc id="` + html.EscapeString(id) + `-d">` + html.EscapeString(desc) + `</desc>`)
	b.WriteString(c.b.String() + `</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it went through EscapeString
}

// spaced moves the heights of labels apart so that they do not overlap: down
// where they must, and back up where they would leave the picture.
func spaced(want []float64, gap, top, bottom float64) []float64 {
	order := make([]int, len(want))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(want[a], want[b]) })
	at := make([]float64, len(want))
	above := math.Inf(-1)
	for _, i := range order {
		at[i] = max(want[i], top, above+gap)
		above = at[i]
	}
	below := bottom + gap
	for _, i := range slices.Backward(order) {
		at[i] = min(at[i], below-gap)
		below = at[i]
	}
	return at
}
