package study

import (
	"fmt"
	"pawl"
	"strings"

	"pawl/report"
)

// Markdown is the experiment as tables, two for each case: what came of it, and
// what it learnt from.
func (m *Improving) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nAccuracy on the audit tasks and paired differences, with 95%% intervals; \"all\" takes the seeds together, with tasks as the units.\n", m.Where)
	for i := range m.Cases {
		m.Cases[i].markdown(&b)
	}
	return b.String()
}

func (c *ImprovingCase) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s in %s, level %s\n\n", c.Study.Title, c.World, pawl.Environment{Level: c.Level, Sizes: c.Sizes}.Difficulty())
	columns := []string{"base", "final", "labelled", "null"}
	pairs := [][2]string{{"final", "base"}, {"final", "null"}, {"final", "labelled"}}
	fmt.Fprintf(b, "| seed | %s | final - base | final - null | final - labelled |\n|-|-|-|-|-|-|-|-|\n", strings.Join(columns, " | "))
	for i := range c.Study.Trials {
		t := &c.Study.Trials[i]
		fmt.Fprintf(b, "| %d |", t.Seed)
		for _, name := range columns {
			fmt.Fprintf(b, " %s |", t.Arm(name))
		}
		for _, p := range pairs {
			fmt.Fprintf(b, " %s |", t.Pair(p[0], p[1]))
		}
		b.WriteString("\n")
	}
	b.WriteString("| all |")
	for _, name := range columns {
		fmt.Fprintf(b, " %.3f |", report.Round3(c.Study.mean(name)))
	}
	for _, p := range pairs {
		fmt.Fprintf(b, " %s |", findPair(c.Study.Pooled, p[0], p[1]))
	}
	coverage := fmt.Sprintf("right among %d", c.Samples)
	if c.Hinted {
		coverage = "right with the hint, too"
	}
	fmt.Fprintf(b, "\n\nWhat the real arm learnt from, of %d tasks a round:\n\n| seed | round | tries right | majority right | %s | kept, of the tries | right of those | gap | every step right | gate | verdict |\n|-|-|-|-|-|-|-|-|-|-|-|\n",
		c.Tasks, coverage)
	for i := range c.Study.Trials {
		t := &c.Study.Trials[i]
		for _, r := range t.Rounds {
			w := c.explain(r)
			fmt.Fprintf(b, "| %d | %d | %s | %s | %s | %d of %d | %s | %s | %s | %.3f | %s |\n", t.Seed, r.Round,
				optional(w.tries), optional(w.majority), optional(w.coverage), r.Kept, r.Sampled, optional(r.Labels),
				signed(w.gap), optional(w.sound), report.Round3(r.Gate), strings.ReplaceAll(r.Verdict, "_", " "))
		}
	}
	e := &c.Base
	fmt.Fprintf(b, "\nThe base on %d tasks of the training split: greedy %.3f [%.3f, %.3f]; of %d samples %s right, their majority %s, one of them at least %s. "+
		"As a verifier of these samples it is right in %s, with a gap of %s.\n",
		e.N, report.Round3(e.Value), report.Round3(e.Low), report.Round3(e.High), e.Samples, optional(e.Mean), optional(e.Votes), optional(e.Pass),
		optional(e.Verify), signed(e.Gap))
}

// reasons are what a round's gain may come from. Nil is what is not known.
type reasons struct {
	tries    *float64 // accuracy of all tries; with hints, of the first ones
	majority *float64 // of the votes
	coverage *float64 // share of tasks with a right try
	gap      *float64 // accuracy of what was kept, minus that of all tries
	sound    *float64 // share of what the filter finds right of which every step is
}

func (c *ImprovingCase) explain(r Round) reasons {
	w := reasons{majority: r.Majority, sound: r.metric("label_accuracy")}
	if c.Hinted {
		// A task is tried a second time where the first try fails.
		first := 1 - float64(r.Sampled-c.Tasks)/float64(c.Tasks)
		w.tries, w.coverage = &first, r.metric("pass@2")
	} else {
		w.tries, w.coverage = r.metric("pass@1"), r.metric(fmt.Sprintf("pass@%d", c.Samples))
	}
	if w.tries != nil && r.Labels != nil {
		gap := *r.Labels - *w.tries
		w.gap = &gap
	}
	return w
}

// metric is the value of a round's metric, nil where it has none of that name.
func (r Round) metric(name string) *float64 {
	for i := range r.Metrics {
		if r.Metrics[i].Name == name {
			return &r.Metrics[i].Value
		}
	}
	return nil
}

func signed(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%+.3f", report.Round3(*x))
}
