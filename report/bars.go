package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"pawl/loop"
)

// auditBars draws every arm's sealed accuracy as a bar with its interval.
// Bars start at zero.
func auditBars(r *loop.Report) template.HTML {
	names := audited(r)
	if len(names) == 0 {
		return ""
	}
	const rowHeight, left = 34.0, 84.0
	c := &canvas{width: 480, height: rowHeight*float64(len(names)) + 30}
	low, high := 0.0, 0.0
	for _, n := range names {
		e := r.Audit[n]
		if !bad(e.Accuracy + e.Low + e.High) {
			low, high = min(low, e.Low), max(high, e.High)
		}
	}
	if share(r) {
		high = 1
	}
	x := axis{low, high, left, c.width - 64}
	for _, v := range x.ticks(5) {
		c.line("grid", x.at(v), 4, x.at(v), c.height-24)
		c.text("tick", "middle", x.at(v), c.height-8, frame{y: x, share: share(r)}.tick(v))
	}
	var told []string
	for n, name := range names {
		e := r.Audit[name]
		points := finite([]point{{y: e.Accuracy, low: e.Low, high: e.High}})
		if len(points) == 0 {
			continue
		}
		p := points[0]
		i, y := seriesOf(r, name), rowHeight*float64(n)+6
		c.text("name "+series(i), "end", left-8, y+15, shortName(name, shape{labels: 116}))
		c.rect(series(i)+" bar", min(x.at(0), x.at(p.y)), y, math.Abs(x.at(p.y)-x.at(0)), rowHeight-12)
		c.interval("interval", x.at(p.low), x.at(p.high), y+(rowHeight-12)/2)
		c.text("value", "start", x.at(p.high)+7, y+15, score(r, p.y))
		told = append(told, name+" "+accuracy(r, e))
	}
	return c.svg("audit", "Accuracy on the sealed audit", strings.Join(told, "; ")+".")
}

// interval is a lying interval.
func (c *canvas) interval(class string, low, high, y float64) {
	c.line(class, low, y, high, y)
	c.line(class, low, y-4, low, y+4)
	c.line(class, high, y-4, high, y+4)
}

// advantages draws the paired differences of the final policy and every other
// arm, with the line of no difference.
func advantages(r *loop.Report) template.HTML {
	gains := gains(r)
	if len(gains) == 0 {
		return ""
	}
	const rowHeight, left = 32.0, 84.0
	c := &canvas{width: 480, height: rowHeight*float64(len(gains)) + 30}
	low, high := 0.0, 0.0
	for _, g := range gains {
		low, high = min(low, g.Low), max(high, g.High)
	}
	room := max(0.05*(high-low), 1e-6)
	x := axis{low - room, high + room, left, c.width - 110}
	for _, v := range x.ticks(4) {
		c.line("grid", x.at(v), 4, x.at(v), c.height-24)
		label := number(v)
		if share(r) {
			label = fixed(100*v, 0)
		}
		c.text("tick", "middle", x.at(v), c.height-8, label)
	}
	c.line("zero", x.at(0), 4, x.at(0), c.height-24)
	var told []string
	for n, g := range gains {
		i, y := seriesOf(r, g.Over), rowHeight*float64(n)+18
		c.text("name "+series(i), "end", left-8, y+4, shortName(g.Over, shape{labels: 116}))
		c.interval(series(i)+" whisker", x.at(g.Low), x.at(g.High), y)
		c.marker(i, false, x.at(g.Difference), y)
		c.text("value", "end", c.width-20, y+4, points(r, g.Difference))
		told = append(told, fmt.Sprintf("over %s %s", g.Over, difference(r, g)))
	}
	return c.svg("advantage", "Paired differences of the final policy", strings.Join(told, "; ")+".")
}

// gains are the advantages that can be drawn, the yardstick's first.
func gains(r *loop.Report) []loop.Advantage {
	var out []loop.Advantage
	for _, name := range audited(r) {
		g, known := over(r, name)
		if name != "final" && known && !bad(g.Difference+g.Low+g.High) {
			out = append(out, g)
		}
	}
	return out
}

// secondsBars draws how long each round of each arm took.
func secondsBars(r *loop.Report) template.HTML {
	all := arms(r)
	rounds, longest := 0, 0.0
	for _, a := range all {
		for _, row := range a.rounds {
			if !bad(row.Seconds) {
				rounds, longest = max(rounds, row.Round), max(longest, row.Seconds)
			}
		}
	}
	if longest == 0 {
		return ""
	}
	f := newFrame(480, 190, 48, 84, []point{{low: 0, high: longest}}, longest, false)
	group := (f.x.to - f.x.from) / float64(rounds)
	width := min(26, group*0.8/float64(len(all)))
	var total []string
	for i, a := range all {
		sum := 0.0
		for _, row := range a.rounds {
			if bad(row.Seconds) {
				continue
			}
			sum += row.Seconds
			x := f.x.from + group*(float64(row.Round)-0.5) + width*(float64(i)-float64(len(all))/2)
			f.rect(series(i)+" bar", x+0.5, f.y.at(row.Seconds), width-1, f.y.from-f.y.at(row.Seconds))
		}
		f.rect(series(i)+" bar", f.x.to+10, 16+18*float64(i), 10, 10)
		f.text("name", "start", f.x.to+24, 25+18*float64(i), shortName(a.label(), shape{labels: 100}))
		total = append(total, fmt.Sprintf("%s took %s", a.label(), duration(sum)))
	}
	step := (rounds + 11) / 12
	for n := 1; n <= rounds; n += step {
		f.text("tick", "middle", f.x.from+group*(float64(n)-0.5), f.height-18, fmt.Sprint(n))
	}
	f.text("tick", "middle", (f.x.from+f.x.to)/2, f.height-4, "round")
	return f.svg("seconds", "Seconds of work by round", strings.Join(total, "; ")+".")
}

// coverage draws the metrics at k of the first and the last round of the run:
// how many tasks k attempts solve, and how many a vote among them does.
func coverage(r *loop.Report) template.HTML {
	kinds := atKinds(r)
	if len(kinds) == 0 {
		return ""
	}
	type curve struct {
		kind   string
		round  int
		points []point
		series int
		first  bool
	}
	var curves []curve
	var values []point
	top := 0.0
	last := len(r.Rounds) - 1
	for i, kind := range kinds {
		for n, row := range r.Rounds {
			if n != 0 && n != last {
				continue
			}
			points := finite(atKPoints(row, kind))
			if len(points) == 0 {
				continue
			}
			curves = append(curves, curve{kind, row.Round, points, i, n != last})
			values = append(values, points...)
			top = max(top, points[len(points)-1].x)
		}
	}
	if len(curves) == 0 {
		return ""
	}
	f := newFrame(480, 260, 48, 104, values, 0.2, true)
	f.x.lo, f.x.hi = 0, max(top, 1)
	for k := 0.0; k <= top; k += max(1, math.Ceil(top/8)) {
		f.text("tick", "middle", f.x.at(k), f.height-18, fmt.Sprint(1<<int(k)))
	}
	f.text("tick", "middle", (f.x.from+f.x.to)/2, f.height-4, "attempts (k)")
	want := make([]float64, len(curves))
	var told []string
	for n, c := range curves {
		var xs, ys []float64
		for _, p := range c.points {
			xs, ys = append(xs, f.x.at(p.x)), append(ys, f.y.at(p.y))
			f.whisker(c.series, f.x.at(p.x), f.y.at(p.low), f.y.at(p.high))
			f.marker(c.series, c.first, f.x.at(p.x), f.y.at(p.y))
		}
		class := series(c.series) + " line"
		if c.first {
			class += " dashed"
		}
		f.polyline(class, xs, ys)
		want[n] = ys[len(ys)-1]
		told = append(told, fmt.Sprintf("%s at round %d reaches %s", c.kind, c.round, percent(c.points[len(c.points)-1].y)))
	}
	for n, y := range spaced(want, 15, f.y.to, f.y.from) {
		f.text(series(curves[n].series)+" name", "start", f.x.to+9, y+4, fmt.Sprintf("%s, round %d", curves[n].kind, curves[n].round))
	}
	return f.svg("coverage", "Coverage by number of attempts", strings.Join(told, "; ")+".")
}
