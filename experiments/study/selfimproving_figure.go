package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Colours of the arms, in the order of a trial: the base has no rounds.
var armColours = []string{"#999", "#1f6feb", "#d1242f", "#9a6700", "#8250df"}

// SelfImprovingFigure draws the longest length that each arm solves, by round,
// as an SVG picture: a panel a trial. Without the result file it says so.
func SelfImprovingFigure(results fs.FS, name string) ([]byte, error) {
	var s SelfImproving
	b, err := fs.ReadFile(results, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("drawing %s: %w", name, err)
	default:
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("drawing %s: %w", name, err)
		}
	}
	var panels []lengthPanel
	for _, st := range s.Studies {
		for i := range st.Trials {
			panels = append(panels, lengthPanel{fmt.Sprintf("%s, seed %d", st.Task, st.Trials[i].Seed), &st.Trials[i]})
		}
	}
	const width, height = 380, 300
	rows := max(1, (len(panels)+1)/2)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#444">`+"\n", 2*width, rows*height)
	fmt.Fprintf(&out, "<title>Longest length solved, by round</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", 2*width, rows*height)
	if len(panels) == 0 {
		out.WriteString("<text x=\"60\" y=\"60\">Not measured yet.</text>\n")
	}
	for i, p := range panels {
		p.draw(&out, float64(50+width*(i%2)), float64(50+height*(i/2)))
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}

type lengthPanel struct {
	title string
	*LengthTrial
}

// draw writes the panel, whose plot has its upper left corner at the given
// point. Round 0 is the base, which is the same for all arms. A length below the
// shortest measured stands on the axis.
func (p lengthPanel) draw(out *bytes.Buffer, left, top float64) {
	const width, height = 290.0, 190.0
	base := p.Arms[0].Audit
	lo, hi := base[0].Length-1, base[len(base)-1].Length
	rounds := 1
	for _, a := range p.Arms {
		rounds = max(rounds, len(a.Rounds))
	}
	x := func(round int) float64 { return left + width*float64(round)/float64(rounds) }
	y := func(length int) float64 {
		return top + height - height*float64(max(length, lo)-lo)/float64(hi-lo)
	}
	fmt.Fprintf(out, "<text x=\"%.0f\" y=\"%.0f\" font-size=\"13\">Longest at %.0f%%, by round: %s</text>\n", left, top-26, 100*solved, p.title)
	for n := lo; n <= hi; n += max(1, (hi-lo)/4) {
		fmt.Fprintf(out, "<path d=\"M%.0f,%.1fH%.0f\" stroke=\"#ddd\"/><text x=\"%.0f\" y=\"%.1f\" dy=\"4\" text-anchor=\"end\">%d</text>\n", left, y(n), left+width, left-6, y(n), n)
	}
	for r := 0; r <= rounds; r += max(1, rounds/4) {
		fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%d</text>\n", x(r), top+height+18, r)
	}
	for i, a := range p.Arms[1:] {
		colour := armColours[(i+1)%len(armColours)]
		fmt.Fprintf(out, "<path d=\"M%.1f,%.1f", x(0), y(longestSolved(base)))
		for _, r := range a.Rounds {
			fmt.Fprintf(out, "L%.1f,%.1f", x(r.Round), y(longestSolved(r.Gate)))
		}
		fmt.Fprintf(out, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n<text x=\"%.0f\" y=\"%.0f\" fill=\"%s\">%s</text>\n", colour, left+float64(70*i), top-8, colour, a.Name)
	}
}
