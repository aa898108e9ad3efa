package study

import (
	"fmt"
	"slices"
	"strings"
)

// Markdown is the study as tables.
func (c *Calibration) Markdown() string {
	var b strings.Builder
	worlds := c.worlds()
	fmt.Fprintf(&b, "%s Model %s. Worlds: %s; %d tasks of each split, one answer a task, %d samples a vote, seed %d. "+
		"Fitted on the split gate, measured on audit; %d bins; 95%% intervals of %d bootstrap resamples over tasks.\n\n",
		c.Where, c.Model, strings.Join(worlds, ", "), c.Tasks, c.Votes, c.Seed, c.Bins, c.Resamples)
	if len(worlds) > 1 {
		b.WriteString("All worlds together:\n\n")
	}
	b.WriteString("| verifier | calibrator | n | right | ECE, equal width | ECE, equal mass | by chance | Brier | AUROC |\n|-|-|-|-|-|-|-|-|-|\n")
	for _, f := range c.Fits {
		if f.World != pooled {
			continue
		}
		chance := "-"
		if f.Mass != nil {
			chance = fmt.Sprintf("%.3f", f.Chance)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %.3f | %s | %s | %s | %s | %s |\n", code(f.Verifier), orNone(f.Method), f.N, f.Accuracy, f.Width, f.Mass, chance, f.Brier, f.AUROC)
	}
	if len(worlds) > 1 {
		c.byWorld(&b, worlds)
	}
	c.risksTable(&b, len(worlds) > 1)
	return b.String()
}

// byWorld are the lines of single worlds.
func (c *Calibration) byWorld(b *strings.Builder, worlds []string) {
	b.WriteString("\nBy world, a calibrator fitted to the world alone; ECE in bins of equal mass:\n\n| world | verifier | n | right | AUROC | none |")
	for _, m := range methods[1:] {
		b.WriteString(" " + m + " |")
	}
	b.WriteString(" by chance |\n|-|-|-|-|-|-|" + strings.Repeat("-|", len(methods)) + "\n")
	for _, f := range c.Fits {
		if f.World == pooled || f.Method != "" {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %d | %.3f | %s |", f.World, code(f.Verifier), f.N, f.Accuracy, f.AUROC)
		chance := 0.0
		for _, m := range methods {
			i := slices.IndexFunc(c.Fits, func(g Fitted) bool { return g.World == f.World && g.Verifier == f.Verifier && g.Method == m })
			if i < 0 {
				b.WriteString(" - |")
				continue
			}
			fmt.Fprintf(b, " %s |", c.Fits[i].Mass)
			chance = c.Fits[i].Chance
		}
		fmt.Fprintf(b, " %.3f |\n", chance)
	}
	b.WriteString("\n" + c.mended(worlds))
}

// mended counts what calibrators did by world.
func (c *Calibration) mended(worlds []string) string {
	var parts []string
	for _, m := range methods[1:] {
		better, worse, all := 0, 0, 0
		for _, f := range c.Fits {
			if f.World == pooled || f.Method != m || f.Mass == nil {
				continue
			}
			i := slices.IndexFunc(c.Fits, func(g Fitted) bool { return g.World == f.World && g.Verifier == f.Verifier && g.Method == "" })
			if raw := c.Fits[i].Mass; raw != nil {
				all++
				switch {
				case f.Mass.High < raw.Low:
					better++
				case f.Mass.Low > raw.High:
					worse++
				}
			}
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d (%d the other way)", m, better, all, worse))
	}
	return fmt.Sprintf("Over verifiers and %d worlds, the interval of the ECE after lies wholly below that before for: %s.\n", len(worlds), strings.Join(parts, ", "))
}

func (c *Calibration) risksTable(b *strings.Builder, byWorld bool) {
	allowed := (1 - c.Confidence) * float64(c.Splits)
	fmt.Fprintf(b, "\nThresholds, over %d resamplings each. A promise holds with a confidence of %g%%: up to %.0f of %d may be broken. "+
		"*Found* is in how many a threshold could be shown to keep the risk; *broken* in how many more than the risk was wrong of what it answers, "+
		"over all answers; *unseen* in how many of the half that it was not fitted on, which is a sample and so breaks some by chance; "+
		"*naive* is *broken* for the lowest threshold that seemed to keep the risk, with its coverage.\n\n", c.Splits, 100*c.Confidence, allowed, c.Splits)
	if byWorld {
		b.WriteString("All worlds together:\n\n")
	}
	b.WriteString("| verifier | risk | found | broken | unseen | coverage | wrong | naive | its coverage |\n|-|-|-|-|-|-|-|-|-|\n")
	for _, k := range c.Risks {
		if k.World == pooled {
			fmt.Fprintf(b, "| %s | %g%% | %d | %d | %d | %.3f | %s | %d | %.3f |\n", code(k.Verifier), 100*k.Risk, k.Found, k.Broken, k.Unseen, k.Coverage, wrongShare(k), k.Naive, k.NaiveCoverage)
		}
	}
	if !byWorld {
		return
	}
	b.WriteString("\nBy world, where a threshold was found at all:\n\n| world | verifier | risk | found | broken | unseen | coverage | wrong | naive |\n|-|-|-|-|-|-|-|-|-|\n")
	most, lines := 0, 0
	for _, k := range c.Risks {
		if k.World == pooled {
			continue
		}
		lines++
		most = max(most, k.Broken)
		if k.Found > 0 {
			fmt.Fprintf(b, "| %s | %s | %g%% | %d | %d | %d | %.3f | %s | %d |\n", k.World, code(k.Verifier), 100*k.Risk, k.Found, k.Broken, k.Unseen, k.Coverage, wrongShare(k), k.Naive)
		}
	}
	fmt.Fprintf(b, "\nOver all %d of world, verifier and risk, the most that were broken is %d of %d.\n", lines, most, c.Splits)
}

func wrongShare(k Kept) string {
	if k.Found == 0 {
		return "-"
	}
	return fmt.Sprintf("%.4f", k.Wrong)
}

// String is the figure with its interval, "-" of none.
func (r *Ranged) String() string {
	if r == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", r.Value, r.Low, r.High)
}

func orNone(method string) string {
	if method == "" {
		return "none"
	}
	return method
}

// worlds in the order of the rows.
func (c *Calibration) worlds() (names []string) {
	for _, f := range c.Fits {
		if f.World != pooled && !slices.Contains(names, f.World) {
			names = append(names, f.World)
		}
	}
	return names
}
