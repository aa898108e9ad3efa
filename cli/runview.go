package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/report"
)

// runView shows a run while it goes on: a live bar on a terminal, now and then
// a line elsewhere, and one row a round.
type runView struct {
	c      *console
	rows   io.Writer // where the table goes
	began  time.Time
	arm    string
	header bool
	stage  string    // arm, round, stage and size of the last event
	first  int       // what of the stage was done when it was first seen
	since  time.Time // when that was
	shown  string    // stage of the last line
	last   time.Time // when a line was last shown
	audits map[string]bool
}

// liveEvery bounds how often a terminal is written to.
const liveEvery = 50 * time.Millisecond

// plainEvery is how often a log gets a line while nothing else happens.
const plainEvery = 15 * time.Second

func newRunView(c *console, asJSON bool) *runView {
	v := &runView{c: c, rows: c.out, began: time.Now(), arm: "-", audits: map[string]bool{}}
	if asJSON {
		v.rows = c.err
	}
	return v
}

// observe takes the events of the loop, one at a time.
func (v *runView) observe(e loop.Event) {
	if stage := fmt.Sprint(e.Arm, e.Round, e.Stage, e.Progress.Total); stage != v.stage {
		v.stage, v.first, v.since = stage, e.Progress.Done, time.Now()
	}
	switch {
	case e.Shape != "":
		v.c.note("%s", e.Shape)
	case e.Row != nil:
		v.row(e.Arm, e.Changes, *e.Row)
	case e.Audit != nil:
		v.audit(e.Arm, *e.Audit, e.Answered)
	case v.c.tty:
		if done := e.Progress.Done == e.Progress.Total; done || time.Since(v.last) >= liveEvery {
			v.last = time.Now()
			v.c.live(v.line(e))
		}
	default:
		// What is nothing but one stage says when it is through: no other follows.
		through := e.Round == 0 && e.Stage == "verify" && e.Progress.Done == e.Progress.Total
		if v.stage != v.shown || through || time.Since(v.last) >= plainEvery {
			v.shown, v.last = v.stage, time.Now()
			v.c.note("%s", v.line(e))
		}
	}
}

// line is one sign of life.
func (v *runView) line(e loop.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6s  ", clock(time.Since(v.began)))
	switch e.Arm {
	case "":
	case "base", "final":
		b.WriteString(e.Arm + ", ")
	default:
		fmt.Fprintf(&b, "control %s, ", e.Arm)
	}
	if e.Round > 0 {
		fmt.Fprintf(&b, "round %d of %d, ", e.Round, e.Rounds)
	}
	b.WriteString(e.Stage)
	if p := e.Progress; p.Total > 0 {
		if v.c.tty {
			b.WriteString("  " + bar(p.Done, p.Total))
		}
		fmt.Fprintf(&b, "  %d of %d", p.Done, p.Total)
	}
	if e.Progress.Note != "" {
		b.WriteString("  " + e.Progress.Note)
	}
	if left, known := v.left(e.Progress, time.Since(v.since)); known {
		b.WriteString("  " + clock(left) + " left")
	}
	return b.String()
}

// left is how long the stage will still take at the pace it has had; unknown in
// the first seconds. What was done before a resume says nothing about the pace.
func (v *runView) left(p core.Progress, took time.Duration) (time.Duration, bool) {
	done := p.Done - v.first
	if took < 2*time.Second || done <= 0 || p.Done >= p.Total {
		return 0, false
	}
	return time.Duration(float64(took) * float64(p.Total-p.Done) / float64(done)), true
}

func bar(done, total int) string {
	const width = 24
	n := min(width, width*done/total)
	return "[" + strings.Repeat("=", n) + strings.Repeat(" ", width-n) + "]"
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// columns of the table of rounds.
const columns = "%5s %8s %7s %7s  %-20s  %-10s %7s %10s %9s %7s\n"

func (v *runView) row(arm string, changes []string, r loop.Round) {
	v.c.clear()
	if arm != v.arm {
		v.arm, v.header = arm, true
		if arm != "" {
			fmt.Fprintf(v.rows, "\ncontrol %s: %s\n", arm, report.Otherwise(changes))
		}
		fmt.Fprintf(v.rows, columns, "round", "sampled", "kept", "right", "gate accuracy", "verdict", "p-value", "alpha left", "tokens", "seconds")
	}
	labels := "?" // no reference answer is known
	if r.Labels != nil {
		labels = fmt.Sprintf("%.2f%%", 100**r.Labels)
	}
	g := r.Gate
	if r.Kept == 0 {
		labels = "-"
	}
	judged := []any{"-", "-", "-", "-"} // a run that stops after selecting has no gate
	if g.Outcome != "" {
		judged = []any{share(g.Candidate, r.GateLow, r.GateHigh), strings.ReplaceAll(g.Outcome, "_", " "), pvalue(g.PValue), fmt.Sprintf("%.3f", g.AlphaLeft)}
	}
	fmt.Fprintf(v.rows, columns, fmt.Sprint(r.Round), count(int64(r.Sampled)), count(int64(r.Kept)), labels,
		judged[0], judged[1], judged[2], judged[3], count(r.Tokens), fmt.Sprintf("%.1f", r.Seconds))
	if r.Failed > 0 {
		v.c.note("warning: %d tasks could not be played; the first: %s", r.Failed, r.Failure)
	}
}

func (v *runView) audit(arm string, e core.Estimate, said *loop.Answered) {
	v.c.clear()
	v.audits[arm] = true
	if arm == "base" {
		fmt.Fprintf(v.rows, "\naudit on %d sealed tasks, 95%% intervals\n", e.N)
	}
	fmt.Fprintf(v.rows, "  %-10s %s", arm, share(e.Value, e.Low, e.High))
	switch {
	case said == nil:
	case said.N == 0:
		fmt.Fprint(v.rows, ", answers none")
	default:
		fmt.Fprintf(v.rows, ", answers %d, of which %s wrong", said.N, share(said.Risk, said.Low, said.High))
	}
	fmt.Fprintln(v.rows)
}

// replay shows the rows of a run that had finished before.
func (v *runView) replay(r *loop.Report) {
	for _, row := range r.Rounds {
		v.row("", nil, row)
	}
	for _, name := range []string{"base", "final"} {
		v.replayAudit(r, name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Controls)) {
		for _, row := range r.Controls[name].Rounds {
			v.row(name, r.Controls[name].Changes, row)
		}
		v.replayAudit(r, name)
	}
}

func (v *runView) replayAudit(r *loop.Report, name string) {
	if a, ok := r.Audit[name]; ok {
		v.audit(name, core.Estimate{Value: a.Accuracy, Low: a.Low, High: a.High, N: a.N}, a.Answered)
	}
}

// end prints the differences and the takeaway.
func (v *runView) end(w io.Writer, r *loop.Report) {
	fmt.Fprintln(w)
	for _, g := range r.Gains {
		fmt.Fprintf(w, "final minus %-10s %s, paired on %d tasks, p %s\n", g.Over, difference(g.Difference, g.Low, g.High), g.N, pvalue(g.PValue))
	}
	fmt.Fprintf(w, "\n%s\n", report.Takeaway(r))
	fmt.Fprintf(w, "run %s\n", r.Run)
}

// dirFlag is what a later command needs to find the same data.
func (v *runView) dirFlag(p *pawl.Pawl) string {
	if p.Dir() == pawl.DefaultDir {
		return ""
	}
	return " --dir " + p.Dir()
}

// share is a proportion with its interval.
func share(value, low, high float64) string {
	return fmt.Sprintf("%.3f [%.3f, %.3f]", report.Round3(value), report.Round3(low), report.Round3(high))
}

// difference is a gain or a loss with its interval.
func difference(value, low, high float64) string {
	return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", report.Round3(value), report.Round3(low), report.Round3(high))
}

func pvalue(p float64) string {
	if p != 0 && p < 0.001 {
		return fmt.Sprintf("%.0e", p)
	}
	return fmt.Sprintf("%.3f", p)
}

// count writes a number with its thousands apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
