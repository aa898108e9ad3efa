package study

import (
	"cmp"
	"fmt"
	"strings"
)

// Markdown is the findings as tables.
func (f *Findings) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Model embedded, %d tasks a world and seed, %d samples a task, seeds %s.\n", f.Where, f.Tasks, f.Samples, strings.Trim(fmt.Sprint(f.Seeds), "[]"))
	if len(f.Ways) > 0 {
		f.votesTable(&b)
		f.critiqueTable(&b)
	}
	if len(f.Backtrack) > 0 {
		f.backtrackTable(&b)
	}
	if f.Backward != nil {
		f.Backward.table(&b)
	}
	return b.String()
}

func (f *Findings) votesTable(b *strings.Builder) {
	b.WriteString("\n### Votes\n\nAccuracy, mean over worlds; what it is above one sample, a greedy answer and plain votes, task by task; what of the last comes from the tasks on which votes tie; and the worlds in which its 95% interval lies above and below 0.\n\n" +
		"| way to answer | accuracy | over one sample | over greedy | over votes | on ties | helps | hurts |\n|-|-|-|-|-|-|-|-|\n")
	for _, l := range f.Ways {
		cells := map[string]string{waySample: "-", wayGreedy: "-", wayVotes: "-", onTies: "-"}
		helps, hurts := "-", "-"
		for _, c := range f.Votes {
			if c.Of == l.Way && c.World == "" {
				over := c.Over
				if over == wayCooler {
					over = waySample // of the same samples
				}
				cells[over] = c.interval()
			}
		}
		if cells[wayVotes] != "-" {
			up, down := sides(f.Votes, l.Way, wayVotes)
			helps, hurts = fmt.Sprint(up), fmt.Sprint(down)
		}
		fmt.Fprintf(b, "| %s | %.3f [%.3f, %.3f] | %s | %s | %s | %s | %s | %s |\n", l.Way, l.Accuracy, l.Low, l.High, cells[waySample], cells[wayGreedy], cells[wayVotes], cells[onTies], helps, hurts)
	}
	b.WriteString("\nBy world:\n\n| world | tasks | votes over greedy | at temperature 0.5 |")
	var weighted []string
	for _, w := range weightedVotes[1:] {
		weighted = append(weighted, w.way)
		fmt.Fprintf(b, " %s over votes |", w.way)
	}
	b.WriteString("\n|-|-|-|-|" + strings.Repeat("-|", len(weighted)) + "\n")
	for _, c := range f.Votes {
		if c.Of != wayVotes || c.Over != wayGreedy || c.World == "" {
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %s | %s |", c.World, c.N, c.interval(), between(f.Votes, c.World, wayCool, wayGreedy))
		for _, w := range weighted {
			fmt.Fprintf(b, " %s |", between(f.Votes, c.World, w, wayVotes))
		}
		b.WriteString("\n")
	}
}

// between is a difference in one world.
func between(all []Contrast, world, what, over string) string {
	for _, c := range all {
		if c.World == world && c.Of == what && c.Over == over {
			return c.interval()
		}
	}
	return "-"
}

// sides counts the worlds in which a difference is shown to be above and below 0.
func sides(of []Contrast, what, over string) (up, down int) {
	for _, c := range of {
		if c.Of != what || c.Over != over || c.World == "" {
			continue
		}
		if c.Low > 0 {
			up++
		}
		if c.High < 0 {
			down++
		}
	}
	return up, down
}

func (f *Findings) critiqueTable(b *strings.Builder) {
	b.WriteString("\n### Self-critique\n\nTasks of each world in three parts, by the share of the samples that give the most frequent answer; means over worlds.\n\n" +
		"| critic | measure | worlds |")
	parts := append(append([]string{}, thirds...), sureMinusUnsure)
	for _, part := range parts {
		fmt.Fprintf(b, " %s |", part)
	}
	b.WriteString("\n|-|-|-|" + strings.Repeat("-|", len(parts)) + "\n")
	for i := 0; i+len(parts) <= len(f.Critique); i += len(parts) {
		fmt.Fprintf(b, "| `%s` | %s | %d |", f.Critique[i].By, f.Critique[i].Measure, f.Critique[i].Worlds)
		for k, c := range f.Critique[i : i+len(parts)] {
			sign := ""
			if k == len(parts)-1 {
				sign = "+"
			}
			fmt.Fprintf(b, fmt.Sprintf(" %%%[1]s.3f [%%%[1]s.3f, %%%[1]s.3f] |", sign), c.Value, c.Low, c.High)
		}
		b.WriteString("\n")
	}
}

func (f *Findings) backtrackTable(b *strings.Builder) {
	b.WriteString("\n### Located errors\n\nGreedy attempts taken up again at the step that a locator names; means over worlds. Tokens are those drawn for a task beside the greedy attempt. " +
		"A planted locator that is wrong names any other place, no error among them; one of wrong attempts is told which these are, and names another step of theirs. " +
		"The last columns are what the place is worth: the same attempts taken up again at their first step, or at any.\n\n" +
		"| locator | right | finds an error | gain over greedy | helps | hurts | wrong mended | right broken | tokens | over the first step (its tokens) | over any step (its tokens) |\n|-|-|-|-|-|-|-|-|-|-|-|\n")
	for _, l := range f.Backtrack {
		up, down := sides(l.Gain, "backtracking", wayGreedy)
		fmt.Fprintf(b, "| %s | %.3f | %.3f | %s | %d | %d | %.3f | %.3f | %.0f | %s (%.0f) | %s (%.0f) |\n", l.Locator, l.Accuracy, l.Flagged, l.Gain[0].interval(), up, down,
			l.Mended, l.Broken, l.Tokens, l.OverStart[0].interval(), l.StartToken, l.OverRandom[0].interval(), l.RandToken)
	}
	b.WriteString("\nGain over greedy by world:\n\n| world | tasks |")
	for _, l := range f.Backtrack {
		fmt.Fprintf(b, " %s |", l.Locator)
	}
	b.WriteString("\n|-|-|" + strings.Repeat("-|", len(f.Backtrack)) + "\n")
	for i, c := range f.Backtrack[0].Gain {
		if c.World == "" {
			continue
		}
		fmt.Fprintf(b, "| %s | %d |", c.World, c.N)
		for _, l := range f.Backtrack {
			fmt.Fprintf(b, " %s |", l.Gain[i].interval())
		}
		b.WriteString("\n")
	}
}

func (w *Backward) table(b *strings.Builder) {
	fmt.Fprintf(b, "\n### Backward checking\n\nThe model in the binary was taught by %s to find hidden numbers. How often it finds one, given the right answer, greedily:\n\n| world | tasks | before | after |\n|-|-|-|-|\n", w.Recipe)
	for _, r := range w.Recovers {
		fmt.Fprintf(b, "| %s | %d | %.3f [%.3f, %.3f] | %.3f [%.3f, %.3f] |\n", r.World, r.After.N, r.Before.Value, r.Before.Low, r.Before.High, r.After.Value, r.After.Low, r.After.High)
	}
	fmt.Fprintf(b, "\nThe taught model checks attempts by `%s`: its own, and those of the model as it was.\n\n| attempts | world | tasks | one sample | greedy | votes | gain over votes |\n|-|-|-|-|-|-|-|\n", w.Verifier)
	for _, c := range w.Cases {
		for i, g := range c.Gain {
			a := c.Answers[i]
			fmt.Fprintf(b, "| %s | %s | %d | %.3f | %.3f | %.3f | %s |\n", c.Of, cmp.Or(g.World, "mean"), g.N, a.Sample, a.Greedy, a.Votes, g.interval())
		}
	}
}
