package pawl

import (
	"fmt"
	"strings"

	"pawl/core"
	"pawl/loop"
)

// Takeaway is the sentence that a reader of the report should keep: what the
// figures show, and no more than they show.
func Takeaway(r *loop.Report) string {
	base, final := r.Audit["base"], r.Audit["final"]
	if r.Promoted == 0 {
		return fmt.Sprintf("No gain was proven in %s: the policy in force is still the base. %s", plural(len(r.Rounds), "round"), why(r))
	}
	if final.N == 0 {
		return fmt.Sprintf("%d of %s promoted a new policy; the recipe has no audit set, so no gain is stated.", r.Promoted, plural(len(r.Rounds), "round"))
	}
	gain, ok := gainOver(r, "base")
	change := fmt.Sprintf("Audit accuracy went from %.1f%% to %.1f%% (%s on %d sealed tasks)", 100*base.Accuracy, 100*final.Accuracy, interval(gain), final.N)
	if ok && gain.Low <= 0 {
		return change + ": the interval reaches zero, so the audit does not confirm the gain that the gate saw."
	}
	if len(r.Controls) == 0 {
		return change + ". No control ran beside it, so how much of the gain is the method's is not known."
	}
	return change + ". " + controls(r)
}

// controls says what the arms that ran beside show.
func controls(r *loop.Report) string {
	var parts []string
	best := true
	for _, g := range r.Gains {
		if g.Over == "base" {
			continue
		}
		switch {
		case g.Low > 0:
			parts = append(parts, fmt.Sprintf("%s better than the %s control", interval(g), g.Over))
		case g.High < 0:
			best = false
			parts = append(parts, fmt.Sprintf("%s worse than the %s control", interval(g), g.Over))
		default:
			best = false
			parts = append(parts, fmt.Sprintf("not told apart from the %s control (%s)", g.Over, interval(g)))
		}
	}
	sentence := "It is " + strings.Join(parts, ", and ") + "."
	if best {
		return sentence + " The gain is the method's: the same steps without it do not give it."
	}
	return sentence + " The method is not shown to be what helped."
}

// why the last round was not promoted.
func why(r *loop.Report) string {
	if len(r.Rounds) == 0 {
		return ""
	}
	g := r.Rounds[len(r.Rounds)-1].Gate
	if g.Outcome == core.Reject {
		return fmt.Sprintf("The last candidate was worse by %.1f points.", -100*g.Difference)
	}
	return fmt.Sprintf("The last difference was %+.1f points; this gate can prove gains of about %.1f.", 100*g.Difference, 100*g.Detectable)
}

func gainOver(r *loop.Report, name string) (loop.Advantage, bool) {
	for _, g := range r.Gains {
		if g.Over == name {
			return g, true
		}
	}
	return loop.Advantage{}, false
}

// interval is a difference in percentage points with its 95% interval.
func interval(a loop.Advantage) string {
	return fmt.Sprintf("%+.1f points, 95%% interval %+.1f to %+.1f", 100*a.Difference, 100*a.Low, 100*a.High)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
