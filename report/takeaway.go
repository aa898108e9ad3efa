package report

import (
	"fmt"
	"slices"
	"strings"

	"pawl/core"
	"pawl/loop"
)

// Takeaway is what a reader should remember of a run, in a few plain
// sentences: what was gained on the sealed tasks, whether the controls gained
// as much, and what follows. It claims nothing that the intervals do not carry.
func Takeaway(r *loop.Report) string {
	switch {
	case r != nil && len(r.Rounds) == 0 && len(r.Audit) > 0:
		return "The policy is made. The recipe improves nothing, so there is nothing to prove."
	case r != nil && r.Stopped != "" && len(r.Rounds) > 0:
		kept := r.Rounds[len(r.Rounds)-1].Kept
		return fmt.Sprintf("There is nothing here to train: others serve the model. The run stops with %s selected; `pawl export --rows sft --model run:%s` writes them, or --rows preference where it selects pairs.", plural(kept, "example"), r.Run)
	case r == nil || len(r.Rounds) == 0:
		return "No round has ended yet, so there is nothing to conclude."
	case promoted(r) == 0:
		return nothingPromoted(r)
	case len(r.Audit) == 0:
		return fmt.Sprintf("A gain was proven on the gate tasks (%s), but there is no sealed audit to confirm it on tasks that no decision has seen.", promotions(r))
	}
	base, final := r.Audit["base"], r.Audit["final"]
	figures := fmt.Sprintf("On %s sealed tasks the policy went from %s to %s", count(final.N), accuracy(r, base), accuracy(r, final))
	gain, known := over(r, "base")
	switch {
	case known && gain.High < 0:
		return figures + ": it got worse, although the gate promoted it. Roll it back."
	case known && gain.Low <= 0:
		return figures + fmt.Sprintf(": the audit does not confirm the gain that the gate saw (difference %s).", difference(r, gain))
	}
	if a := final.Answered; a != nil && onlyAnswerOtherwise(r) {
		return figures + fmt.Sprintf(", by answering %s of them, %s of the answers wrong. ", count(a.N), shares(a.Risk, a.Low, a.High)) +
			"Its controls answer by other rules: what more they answer, and how much of it is wrong, is what the rule is worth."
	}
	return figures + ". " + againstControls(r)
}

// onlyAnswerOtherwise reports whether all controls differ in the rule by which they
// answer and in nothing that is learnt.
func onlyAnswerOtherwise(r *loop.Report) bool {
	for _, c := range r.Controls {
		if !slices.Equal(c.Changes, []string{"answer"}) {
			return false
		}
	}
	return len(r.Controls) > 0
}

// nothingPromoted tells a policy that stayed as it was.
func nothingPromoted(r *loop.Report) string {
	last := r.Rounds[len(r.Rounds)-1].Gate
	s := fmt.Sprintf("No gain was proven: %s, and the base policy stays in force.", promotions(r))
	if last.Detectable > 0 && last.Detectable < 1 {
		s += fmt.Sprintf(" On %s gate tasks a true gain of %s would have been proven four times in five; a smaller one may be there.", count(last.N), points(r, last.Detectable))
	}
	if adv := r.Advantage; adv != nil && adv.High < 0 {
		s += fmt.Sprintf(" The control %s reaches more on the sealed tasks (difference %s).", quoted(adv.Over), difference(r, *adv))
	}
	return s
}

// againstControls says what the gain over the base is worth.
func againstControls(r *loop.Report) string {
	if len(r.Controls) == 0 {
		return "No control ran beside it, so this proves nothing about the method: more training of any kind might have gained as much."
	}
	if r.Advantage == nil || r.Controls[r.Advantage.Over].Rounds == nil {
		return "It is not compared with a control, so this proves nothing about the method."
	}
	adv := *r.Advantage
	name, diff := quoted(adv.Over), difference(r, adv)
	var s string
	switch {
	case adv.Low > 0:
		s = fmt.Sprintf("That is %s more than the control %s reaches from the same base in as many steps, so the gain comes from the loop.", diff, name)
	case adv.High < 0:
		s = fmt.Sprintf("But the control %s, with as many steps from the same base, reaches more (difference %s): the loop did harm.", name, diff)
	default:
		s = fmt.Sprintf("But the control %s, with as many steps from the same base, does about as well (difference %s): more training explains the gain, the loop does not.", name, diff)
	}
	if changes := r.Controls[adv.Over].Changes; trainedOtherwise(changes) {
		s = fmt.Sprintf("The control %s differs by %s, but it was trained otherwise (%s), so this says nothing about the loop.", name, diff, Otherwise(changes))
	}
	if adv.Low > 0 {
		s += besides(r, adv.Over)
	}
	return s
}

// Otherwise says in a clause what a control does otherwise than the run.
func Otherwise(changes []string) string {
	same := "the same base, steps and gate"
	if trainedOtherwise(changes) {
		same = "the same base and gate"
	}
	if len(changes) == 0 {
		return same
	}
	return same + ", another " + strings.Join(changes, " and ")
}

// trainedOtherwise reports whether a control's training may cost or gain by
// itself: then it is no control of the loop.
func trainedOtherwise(changes []string) bool {
	return slices.Contains(changes, "optimize") || slices.Contains(changes, "stages")
}

// besides adds what the other controls show.
func besides(r *loop.Report, yardstick string) string {
	s := ""
	for _, a := range arms(r)[1:] {
		g, known := over(r, a.name)
		switch {
		case a.name == yardstick || !known:
		case g.Low > 0:
			s += fmt.Sprintf(" It also beats %s, by %s.", quoted(a.name), difference(r, g))
		default:
			s += fmt.Sprintf(" It does not beat %s (difference %s): what that control leaves out was not needed.", quoted(a.name), difference(r, g))
		}
	}
	return s
}

// over is the paired difference of the final policy and another arm.
func over(r *loop.Report, name string) (loop.Advantage, bool) {
	for _, g := range r.Gains {
		if g.Over == name {
			return g, true
		}
	}
	if r.Advantage != nil && r.Advantage.Over == name {
		return *r.Advantage, true
	}
	return loop.Advantage{}, false
}

// promoted counts from the rounds, since a run that was stopped has no sum yet.
func promoted(r *loop.Report) int {
	n := 0
	for _, row := range r.Rounds {
		if row.Gate.Outcome == core.Promote {
			n++
		}
	}
	return n
}

// promotions says what the gate promoted, as a clause.
func promotions(r *loop.Report) string {
	switch n := plural(len(r.Rounds), "candidate"); {
	case len(r.Rounds) == 1 && promoted(r) == 0:
		return "the gate did not promote the one candidate"
	case len(r.Rounds) == 1:
		return "the gate promoted the one candidate"
	case promoted(r) == 0:
		return "the gate promoted none of " + n
	case promoted(r) == len(r.Rounds):
		return "the gate promoted all of " + n
	default:
		return fmt.Sprintf("the gate promoted %d of %s", promoted(r), n)
	}
}
