package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// panel is one half of the picture: a cost along something that grows, both on
// logarithmic axes, beside the line of linear growth from the first point.
type panel struct {
	title  string
	x, y   []float64
	growth float64 // the fitted power
	// expected is the slope of the line to compare with.
	expected float64
}

var scalingLines = [2]*regexp.Regexp{
	regexp.MustCompile(`^step of (\d+) tokens`),
	regexp.MustCompile(`^token of a model of (\d+) parameters`),
}

// Scaling draws the results of bench/compare scaling as an SVG picture.
func Scaling(results fs.FS, name string) ([]byte, error) {
	b, err := fs.ReadFile(results, name)
	if err != nil {
		return nil, fmt.Errorf("drawing %s: %w", name, err)
	}
	panels := [2]panel{{title: "ms of processor time for a step, by its tokens", expected: 1}, {title: "µs of processor time for a token, by parameters", expected: 1}}
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("drawing %s: %w", name, err)
		}
		for i, re := range scalingLines {
			if m := re.FindStringSubmatch(l.What); m != nil {
				x, err := strconv.ParseFloat(m[1], 64)
				if err != nil || !(x > 0 && l.Ours > 0) {
					return nil, fmt.Errorf("drawing %s: %q is not a point", name, l.What)
				}
				panels[i].x, panels[i].y = append(panels[i].x, x), append(panels[i].y, l.Ours)
			}
		}
		switch {
		case strings.HasPrefix(l.What, "growth of a step"):
			panels[0].growth = l.Ours
		case strings.HasPrefix(l.What, "growth of a token"):
			panels[1].growth = l.Ours
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("drawing %s: %w", name, err)
	}
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 300" font-family="sans-serif" font-size="12" fill="#444">` + "\n")
	out.WriteString("<title>Cost of training against tokens and parameters</title>\n<rect width=\"760\" height=\"300\" fill=\"#fff\"/>\n")
	for i := range panels {
		if len(panels[i].x) < 2 {
			return nil, fmt.Errorf("drawing %s: fewer than two points of: %s", name, panels[i].title)
		}
		panels[i].draw(&out, float64(60+380*i))
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}

// draw writes the panel, whose plot begins at the given coordinate.
func (p *panel) draw(out *bytes.Buffer, left float64) {
	const width, top, height = 290.0, 50.0, 200.0
	loX, hiX := decades(p.x)
	line := make([]float64, len(p.x)) // linear growth
	for i := range line {
		line[i] = p.y[0] * math.Pow(p.x[i]/p.x[0], p.expected)
	}
	loY, hiY := decades(append(append([]float64{}, p.y...), line...))
	at := func(x, y float64) string {
		return fmt.Sprintf("%.1f,%.1f", left+width*(math.Log10(x)-loX)/(hiX-loX), top+height-height*(math.Log10(y)-loY)/(hiY-loY))
	}
	fmt.Fprintf(out, "<text x=\"%.0f\" y=\"24\" font-size=\"13\">%s</text>\n", left, p.title)
	fmt.Fprintf(out, "<text x=\"%.0f\" y=\"40\">grows as its power of %.2f</text>\n", left, p.growth)
	for d := loX; d <= hiX; d++ {
		x, _, _ := strings.Cut(at(math.Pow(10, d), math.Pow(10, loY)), ",")
		fmt.Fprintf(out, "<path d=\"M%s,%.0fV%.0f\" stroke=\"#ddd\"/><text x=\"%s\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
			x, top, top+height, x, top+height+18, power(d))
	}
	for d := loY; d <= hiY; d++ {
		_, y, _ := strings.Cut(at(math.Pow(10, loX), math.Pow(10, d)), ",")
		fmt.Fprintf(out, "<path d=\"M%.0f,%sH%.0f\" stroke=\"#ddd\"/><text x=\"%.0f\" y=\"%s\" dy=\"4\" text-anchor=\"end\">%s</text>\n",
			left, y, left+width, left-6, y, power(d))
	}
	last := len(p.x) - 1
	fmt.Fprintf(out, "<path d=\"M%sL%s\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n", at(p.x[0], line[0]), at(p.x[last], line[last]))
	out.WriteString("<path d=\"")
	for i := range p.x {
		out.WriteString(string("ML"[min(i, 1)]) + at(p.x[i], p.y[i]))
	}
	out.WriteString("\" fill=\"none\" stroke=\"#1f6feb\" stroke-width=\"2\"/>\n")
	for i := range p.x {
		x, y, _ := strings.Cut(at(p.x[i], p.y[i]), ",")
		fmt.Fprintf(out, "<circle cx=\"%s\" cy=\"%s\" r=\"3.5\" fill=\"#1f6feb\"/>\n", x, y)
	}
}

// decades are the whole powers of ten around all values, as exponents.
func decades(values []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lo, hi = min(lo, math.Floor(math.Log10(v))), max(hi, math.Ceil(math.Log10(v)))
	}
	return lo, max(hi, lo+1)
}

// power names a power of ten.
func power(d float64) string {
	switch {
	case d >= 6:
		return strconv.FormatFloat(math.Pow(10, d-6), 'g', -1, 64) + "M"
	case d >= 3:
		return strconv.FormatFloat(math.Pow(10, d-3), 'g', -1, 64) + "k"
	}
	return strconv.FormatFloat(math.Pow(10, d), 'g', -1, 64)
}
