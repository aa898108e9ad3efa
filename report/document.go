package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"pawl/core"
	"pawl/loop"
)

// Document is what a page shows.
type Document struct {
	Report  *loop.Report
	Title   string    // of the recipe; "" for its name
	Summary string    // of the recipe
	Paper   string    // that the recipe follows
	Command string    // that made the run, and makes it again
	Dir     string    // data directory of the run, "" for the default
	Version string    // of the program
	Machine string    // processor, cores, instruction set
	Date    time.Time // of the end of the run; zero leaves it out
	Problem string    // why the run stopped before its end; "" if it did not
}

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleText string // of pictures
	//go:embed page.css
	pageStyle string

	page = template.Must(template.New("page").Parse(pageText))
)

// Write writes the page: HTML that needs nothing else.
func Write(w io.Writer, d Document) error {
	if d.Report == nil {
		return errors.New("writing a report: there is none")
	}
	if err := page.Execute(w, newView(d)); err != nil {
		return fmt.Errorf("writing the report of run %s: %w", d.Report.Run, err)
	}
	return nil
}

// SVG writes the one picture of a run's result: accuracy round by round and on
// the sealed audit, for the run and its controls.
func SVG(w io.Writer, r *loop.Report) error {
	if r == nil || len(r.Rounds) == 0 {
		return errors.New("drawing a run: it has no rounds yet")
	}
	c, desc := learning(r, forReadme)
	picture := string(c.svg("result", "Accuracy of the loop and its controls", desc))
	style := `<style>` + styleText + `.chart{background:var(--paper)}</style>`
	head, body, _ := strings.Cut(strings.TrimPrefix(picture, "<svg"), "<title")
	if _, err := io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg"`+head+style+"<title"+body+"\n"); err != nil {
		return fmt.Errorf("drawing run %s: %w", r.Run, err)
	}
	return nil
}

// view is a page's data, ready to be shown.
type view struct {
	Document
	Style                                              template.CSS
	Name, Takeaway, When                               string
	Curve, Audit, Advantage, Labels, Coverage, Seconds template.HTML
	Metrics                                            []small
	Gates, Audits, Verdicts, Kept, Measured, Costs     table
	ControlVerdicts                                    []table
	Reasons                                            []reason
	Yardstick, RunDir                                  string
	Digests                                            []digest
	Rounds, Promoted                                   string
	Gated, Detectable                                  string
	ControlNote                                        string
}

// small is one of several pictures in a row.
type small struct {
	Name string
	SVG  template.HTML
}

// reason is the gate's own sentence about a round.
type reason struct {
	Round int
	Text  string
}

type digest struct{ Name, Value string }

// controlNote says what the arms share.
func controlNote(r *loop.Report) string {
	if len(r.Controls) == 0 {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(r.Controls)) {
		if c := r.Controls[name]; trainedOtherwise(c.Changes) {
			return fmt.Sprintf("Controls start from the same base; %s is trained otherwise than the run (%s).", quoted(name), Otherwise(c.Changes))
		}
	}
	return "Controls start from the same base and take as many steps."
}

func newView(d Document) view {
	r := d.Report
	v := view{
		Document: d, Style: template.CSS(styleText + pageStyle), Name: d.Title, Takeaway: Takeaway(r),
		Audit: auditBars(r), Advantage: advantages(r), Coverage: coverage(r), Seconds: secondsBars(r),
		Labels: labelCurve(r), Metrics: smallMultiples(r),
		Gates: gateTable(r), Audits: auditTable(r), Verdicts: verdictTable(r, armRows{rounds: r.Rounds}),
		Kept: labelTable(r), Measured: metricTable(r), Costs: costTable(r),
		Digests: digests(r), ControlNote: controlNote(r), Promoted: promotions(r),
	}
	if v.Name == "" {
		v.Name = r.Recipe
	}
	if !d.Date.IsZero() {
		v.When = d.Date.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if r.Advantage != nil {
		v.Yardstick = r.Advantage.Over
	}
	if r.Stopped != "" {
		v.Verdicts = table{} // no gate judged anything
	} else if len(r.Rounds) > 0 {
		c, desc := learning(r, forPage)
		v.Curve = c.svg("curve", "Accuracy by round", desc)
		v.Gated = count(r.Rounds[0].Gate.N)
	}
	for _, a := range arms(r)[1:] {
		v.ControlVerdicts = append(v.ControlVerdicts, verdictTable(r, a))
	}
	for _, row := range r.Rounds {
		if row.Gate.Reason != "" {
			v.Reasons = append(v.Reasons, reason{row.Round, row.Gate.Reason})
		}
	}
	if d.Dir != "" {
		v.RunDir = " --dir " + shellWord(d.Dir)
	}
	return v
}

// shellWord quotes a word for a shell where it needs it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r) || r > 127
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// labelCurve draws how often what was kept is right.
func labelCurve(r *loop.Report) template.HTML {
	var names []string
	var curves [][]point
	for _, a := range arms(r) {
		names, curves = append(names, a.label()), append(curves, labelPoints(a))
	}
	return overRounds("labels", "Accuracy of the pseudo-labels by round", 480, 220, names, curves, 0.1, share(r))
}

// smallMultiples draws one picture for each metric of the samples.
func smallMultiples(r *loop.Report) []small {
	var out []small
	for n, name := range metricNames(r) {
		var names []string
		var curves [][]point
		share, title := true, metricTitle(name)
		for _, a := range arms(r) {
			points, unit := metricPoints(a, name)
			if unit != "" && share {
				share = false
				title = withUnit(title, unit)
			}
			names, curves = append(names, a.label()), append(curves, points)
		}
		span := 0.1
		for _, curve := range curves { // figures that hardly move shall look so
			for _, p := range finite(curve) {
				if !share {
					span = max(span, math.Abs(p.y)/10)
				}
			}
		}
		if picture := overRounds(fmt.Sprintf("metric%d", n), title+" by round", 360, 190, names, curves, span, share); picture != "" {
			out = append(out, small{title, picture})
		}
	}
	return out
}

// metricTitle names a metric for people.
func metricTitle(name string) string {
	if name == "accuracy" { // not to be taken for the gate's
		return "accuracy of the attempts"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// withUnit adds a unit without saying a word twice: distinct answers, in
// answers per task, are distinct answers per task.
func withUnit(title, unit string) string {
	first, rest, _ := strings.Cut(unit, " ")
	if strings.HasSuffix(title, first) {
		return strings.TrimSpace(title + " " + rest)
	}
	return title + ", " + unit
}

// digests lists the parts of the final policies by name.
func digests(r *loop.Report) []digest {
	var out []digest
	list := func(prefix string, p core.Policy) {
		for _, part := range slices.Sorted(maps.Keys(p)) {
			out = append(out, digest{prefix + part, string(p[part])})
		}
	}
	if len(r.Policies) == 0 {
		list("", r.Policy)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Policies)) {
		list(name+" ", r.Policies[name])
	}
	return out
}
