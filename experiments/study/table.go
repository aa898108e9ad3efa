package study

import (
	"fmt"
	"slices"
	"strings"

	"pawl/report"
)

// Markdown is the experiment as tables.
func (q *Quickstart) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", q.Where)
	b.WriteString("Accuracy on the audit tasks, with 95% intervals:\n\n| seed | base | majority of the base | final |")
	arms := []string{"labelled-half", "labelled", "labelled-double", "null"}
	for _, name := range arms {
		fmt.Fprintf(&b, " %s |", q.shown(name))
	}
	b.WriteString("\n|-|-|-|-|-|-|-|-|\n")
	for i := range q.Trials {
		t := &q.Trials[i]
		fmt.Fprintf(&b, "| %d | %s | %s | %s |", t.Seed, t.Arm("base"), t.majority(), t.Arm("final"))
		for _, name := range arms {
			mark := ""
			if name == q.Best[fmt.Sprint(t.Seed)] {
				mark = " *"
			}
			fmt.Fprintf(&b, " %s%s |", t.Arm(name), mark)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n\\* the best of the three rates on the gate tasks, where it is chosen.\n\n")
	b.WriteString("Paired differences on the audit tasks, with 95% intervals:\n\n" +
		"| seed | final - base | final - labelled | final - best labelled | null - labelled | null - best labelled |\n|-|-|-|-|-|-|\n")
	for i := range q.Trials {
		t := &q.Trials[i]
		best := q.Best[fmt.Sprint(t.Seed)]
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s |\n", t.Seed, t.Pair("final", "base"), t.Pair("final", "labelled"),
			t.Pair("final", best), t.Pair("null", "labelled"), t.Pair("null", best))
	}
	b.WriteString("\nRound by round: pseudo-labels right (of how many kept), gate accuracy of the candidate, verdict:\n\n")
	b.WriteString(roundsTable(q.Trials))
	b.WriteString("\nSeconds of work:\n\n| seed | base | the loop | each control |\n|-|-|-|-|\n")
	for i := range q.Trials {
		t := &q.Trials[i]
		var each []string
		for _, name := range arms {
			each = append(each, fmt.Sprintf("%s %.0f", name, t.Arm(name).Seconds))
		}
		fmt.Fprintf(&b, "| %d | %.0f | %.0f | %s |\n", t.Seed, t.Base, t.Arm("final").Seconds, strings.Join(each, ", "))
	}
	b.WriteString("\n")
	c := q.Found
	claim(&b, "final beats the best labelled control in every seed", c.Beats,
		fmt.Sprintf("smallest difference %+.3f, smallest lower bound %+.3f", report.Round3(c.Margin), report.Round3(c.Bound)))
	claim(&b, "final beats the labelled control at each of the three rates in every seed", c.BeatsEvery, "")
	claim(&b, "null shows no advantage over labelled in any seed", c.NullGainsNo, "")
	claim(&b, "null shows no advantage over the best labelled control in any seed", c.NullOfBest, "")
	return b.String()
}

// shown is a control's name with its rate.
func (q *Quickstart) shown(name string) string {
	if rate, ok := q.Rates[name]; ok {
		return fmt.Sprintf("labelled, rate %g", rate)
	}
	return name
}

func claim(b *strings.Builder, text string, holds bool, detail string) {
	word := "**no**"
	if holds {
		word = "yes"
	}
	if detail != "" {
		detail = " (" + detail + ")"
	}
	fmt.Fprintf(b, "- %s: %s%s\n", text, word, detail)
}

// roundsTable has a row a seed and a column a round.
func roundsTable(trials []Trial) string {
	var b strings.Builder
	most := 0
	for _, t := range trials {
		most = max(most, len(t.Rounds))
	}
	b.WriteString("| seed |")
	for r := range most {
		fmt.Fprintf(&b, " round %d |", r+1)
	}
	b.WriteString("\n|-|" + strings.Repeat("-|", most) + "\n")
	for _, t := range trials {
		fmt.Fprintf(&b, "| %d |", t.Seed)
		for _, r := range t.Rounds {
			labels := "–"
			if r.Labels != nil {
				labels = fmt.Sprintf("%.2f%%", 100**r.Labels)
			}
			fmt.Fprintf(&b, " %s of %d, %.3f, %s |", labels, r.Kept, report.Round3(r.Gate), strings.ReplaceAll(r.Verdict, "_", " "))
		}
		b.WriteString(strings.Repeat(" |", most-len(t.Rounds)) + "\n")
	}
	return b.String()
}

// Markdown is the experiment as tables, one pair for each recipe.
func (s *SelfTraining) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nAccuracy on the audit tasks and paired differences, with 95%% intervals; \"all\" takes the seeds together, with tasks as the units.\n", s.Where)
	for i := range s.Studies {
		b.WriteString("\n" + s.Studies[i].markdown())
	}
	return b.String()
}

func (s *Study) markdown() string {
	var b strings.Builder
	columns := []string{"base", "final", "labelled", "null"}
	fmt.Fprintf(&b, "### %s\n\n| seed | %s | majority of the base | final - base | final - labelled | null - labelled |\n|-|-|-|-|-|-|-|-|-|\n",
		s.Title, strings.Join(columns, " | "))
	pairs := [][2]string{{"final", "base"}, {"final", "labelled"}, {"null", "labelled"}}
	for i := range s.Trials {
		t := &s.Trials[i]
		fmt.Fprintf(&b, "| %d |", t.Seed)
		for _, name := range columns {
			fmt.Fprintf(&b, " %s |", t.Arm(name))
		}
		fmt.Fprintf(&b, " %s |", t.majority())
		for _, p := range pairs {
			fmt.Fprintf(&b, " %s |", t.Pair(p[0], p[1]))
		}
		b.WriteString("\n")
	}
	b.WriteString("| all |")
	for _, name := range columns {
		fmt.Fprintf(&b, " %.3f |", report.Round3(s.mean(name)))
	}
	b.WriteString(" |")
	for _, p := range pairs {
		fmt.Fprintf(&b, " %s |", findPair(s.Pooled, p[0], p[1]))
	}
	b.WriteString("\n\nWhat was kept: right, of how many; gate accuracy of the candidate, verdict:\n\n" + roundsTable(s.Trials))
	return b.String()
}

// mean is an arm's accuracy over the seeds.
func (s *Study) mean(arm string) float64 {
	sum := 0.0
	for i := range s.Trials {
		sum += s.Trials[i].Arm(arm).Accuracy
	}
	return sum / float64(len(s.Trials))
}

func (a *Arm) String() string {
	if a == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", report.Round3(a.Accuracy), report.Round3(a.Low), report.Round3(a.High))
}

func (p *Pair) String() string {
	if p == nil {
		return "–"
	}
	return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", report.Round3(p.Difference), report.Round3(p.Low), report.Round3(p.High))
}

func (t *Trial) majority() string {
	if t.Majority == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", report.Round3(t.Majority.Value), report.Round3(t.Majority.Low), report.Round3(t.Majority.High))
}

// ParseSeeds reads a list as 1,2,3; each may stand once.
func ParseSeeds(s string) ([]uint64, error) {
	var seeds []uint64
	for word := range strings.SplitSeq(s, ",") {
		var n uint64
		if _, err := fmt.Sscanf(word+" ", "%d ", &n); err != nil || n == 0 || fmt.Sprint(n) != strings.TrimSpace(word) {
			return nil, fmt.Errorf("reading seeds %q: %q is no seed; write them as 1,2,3", s, word)
		}
		if slices.Contains(seeds, n) {
			return nil, fmt.Errorf("reading seeds %q: %d stands twice", s, n)
		}
		seeds = append(seeds, n)
	}
	return seeds, nil
}
