package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/prompt"
)

// reworded opens what it says where it is asked to say a problem in other words.
const reworded = "Put in other words: "

// role answers one kind of prompt.
type role func(ctx context.Context, m *mind, d prompt.Data) (string, error)

// roles by template; "" is a task's own prompt. What is not here a simulation
// does not play: it would have to write programs or problems.
var roles = map[string]role{
	"":                      solve,
	prompt.Solve:            solve,
	prompt.AttemptOrAbstain: attemptOrAbstain,
	prompt.Plan:             plan,
	prompt.Revise:           revise,
	prompt.Aggregate:        aggregate,
	prompt.Rephrase:         rephrase,

	prompt.Verify:          verify,
	prompt.VerifyAmong:     verify,
	prompt.VerifyCritiqued: verify,
	prompt.CheckItem:       verify,
	prompt.KeepPrinciple:   verify,
	prompt.FollowUp:        followUp,
	prompt.Know:            know,
	prompt.Critique:        critique,

	prompt.Confidence:         confidence,
	prompt.CritiqueConfidence: confidence,

	prompt.Grade:            grade,
	prompt.GradeByReference: grade,
	prompt.ErrorSpans:       errorSpans,
	prompt.Locate:           locate,
	prompt.CheckStep:        checkStep,

	prompt.Compare:            compare,
	prompt.CompareByPrinciple: compare,
	prompt.CompareJudgements:  compareJudgements,
	prompt.Rank:               rank,
	prompt.WriteChecklist:     writeChecklist,
}

// unplayed refuses a role.
func unplayed(name string) error {
	return &core.UnservedError{Err: fmt.Errorf("a simulation does not play the role %q: it would have to make something that nobody has told it; seat another model there", name)}
}

func solve(ctx context.Context, m *mind, _ prompt.Data) (string, error) {
	return m.attempt(ctx, m.chance(m.able()))
}

// attemptOrAbstain abstains where it is not sure enough of itself.
func attemptOrAbstain(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	if m.stated(m.able()) < m.Abstain {
		return "I would be guessing.\n" + prompt.SayAbstain(prompt.Chat), nil
	}
	return solve(ctx, m, d)
}

func plan(context.Context, *mind, prompt.Data) (string, error) {
	return "what is given\nwhat is asked for\nwhat leads from one to the other", nil
}

// revise writes an attempt anew: a wrong one may become right, and a right one
// wrong.
func revise(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	right, err := m.problem.Right(ctx, attemptOf(d))
	if err != nil {
		return "", err
	}
	if right {
		return m.attempt(ctx, !m.chance(m.Revise.Spoils))
	}
	return m.attempt(ctx, m.chance(m.Revise.Repairs))
}

// aggregate is right where one of the attempts is, as often as it finds that one;
// where none is, as often as a repair succeeds.
func aggregate(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	for _, a := range d.Attempts {
		right, err := m.problem.Right(ctx, a)
		if err != nil {
			return "", err
		}
		if right {
			return m.attempt(ctx, m.chance(m.Aggregate))
		}
	}
	return m.attempt(ctx, m.chance(m.Revise.Repairs))
}

func rephrase(_ context.Context, m *mind, _ prompt.Data) (string, error) {
	return "<problem>\n" + reworded + m.text + "\n</problem>", nil
}

// judged runs the judge on an attempt.
func (m *mind) judged(ctx context.Context, attempt string) (faultless bool, err error) {
	right, err := m.problem.Right(ctx, attempt)
	if err != nil {
		return false, err
	}
	return m.faultless(right), nil
}

// attemptOf is the attempt that is shown, whole or in steps.
func attemptOf(d prompt.Data) string {
	if d.Attempt == "" {
		return strings.Join(d.Steps, "\n")
	}
	return d.Attempt
}

func verify(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	faultless, err := m.judged(ctx, attemptOf(d))
	return because(faultless, prompt.SayYesNo(prompt.Chat, faultless)), err
}

// followUp asks not what is right but what the attempt says.
func followUp(_ context.Context, m *mind, d prompt.Data) (string, error) {
	says := strings.EqualFold(Final(d.Attempt), strings.TrimSpace(d.Answer))
	return prompt.SayYesNo(prompt.Chat, m.faultless(says)), nil
}

// know says whether it would rather be right than wrong.
func know(_ context.Context, m *mind, _ prompt.Data) (string, error) {
	return prompt.SayYesNo(prompt.Chat, m.stated(m.able()) >= 0.5), nil
}

func critique(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	faultless, err := m.judged(ctx, attemptOf(d))
	if err != nil {
		return "", err
	}
	if faultless {
		return "I find no fault: the steps follow, and the final answer fits what is asked.", nil
	}
	return "The final answer does not fit what is asked: a step before it is wrong.", nil
}

func confidence(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	right, err := m.problem.Right(ctx, d.Attempt)
	if err != nil {
		return "", err
	}
	return prompt.SayConfidence(prompt.Chat, int(100*m.sure(right)+0.5)), nil
}

// grade gives 4 or 5 where it finds no fault, else 0 to 3.
func grade(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	faultless, err := m.judged(ctx, d.Attempt)
	g := m.r.IntN(4)
	if faultless {
		g = prompt.TopGrade - m.r.IntN(2)
	}
	return because(faultless, prompt.SayGrade(prompt.Chat, g)), err
}

func errorSpans(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	faultless, err := m.judged(ctx, d.Attempt)
	if err != nil || faultless {
		return "[]", err
	}
	lines := strings.Split(strings.TrimSpace(d.Attempt), "\n")
	list := []prompt.SpanError{{Span: strings.TrimSpace(lines[len(lines)-1]), Type: "logic", Severity: "major", Why: "It does not follow."}}
	raw, err := json.Marshal(list)
	return string(raw), err
}

// firstWrong is the first wrong step as it is: by who knows steps, else the last
// of a wrong attempt.
func (m *mind) firstWrong(ctx context.Context, d prompt.Data) (int, error) {
	if m.problem.FirstWrong != nil {
		return m.problem.FirstWrong(attemptOf(d)), nil
	}
	right, err := m.problem.Right(ctx, attemptOf(d))
	if err != nil || right {
		return 0, err
	}
	return max(1, stepsOf(d)), nil
}

func stepsOf(d prompt.Data) int {
	if len(d.Steps) > 0 {
		return len(d.Steps)
	}
	return len(strings.Split(strings.TrimSpace(d.Attempt), "\n"))
}

// locate names the first wrong step as often as it finds fault with a wrong
// attempt, and some step as often as with a right one.
func locate(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	wrong, err := m.firstWrong(ctx, d)
	if err != nil {
		return "", err
	}
	switch found := !m.faultless(wrong == 0); {
	case !found:
		wrong = 0
	case wrong == 0:
		wrong = 1 + m.r.IntN(max(1, stepsOf(d)))
	}
	return prompt.SayStep(prompt.Chat, wrong), nil
}

// checkStep judges one step; those after the first wrong one may well follow from
// it.
func checkStep(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	wrong, err := m.firstWrong(ctx, d)
	return prompt.SayYesNo(prompt.Chat, m.faultless(wrong != d.Step)), err
}

// see is what a judge who compares sees in attempts.
func (m *mind) see(ctx context.Context, attempts []string) ([]shown, error) {
	all := make([]shown, len(attempts))
	for i, a := range attempts {
		right, err := m.problem.Right(ctx, a)
		if err != nil {
			return nil, err
		}
		all[i] = shown{right, len(strings.Fields(a)), m.own(a)}
	}
	return all, nil
}

func compare(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	all, err := m.see(ctx, d.Attempts)
	if err != nil {
		return "", err
	}
	return prompt.SayChoice(prompt.Chat, m.prefers(all)[0]), nil
}

func rank(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	all, err := m.see(ctx, d.Attempts)
	if err != nil {
		return "", err
	}
	return prompt.SayRanking(prompt.Chat, m.prefers(all)), nil
}

// compareJudgements prefers the judgement whose verdict the attempt deserves.
func compareJudgements(ctx context.Context, m *mind, d prompt.Data) (string, error) {
	right, err := m.problem.Right(ctx, d.Attempt)
	if err != nil {
		return "", err
	}
	all := make([]shown, len(d.Remarks))
	for i, j := range d.Remarks {
		all[i] = shown{says(j) == right, len(strings.Fields(j)), m.own(j)}
	}
	return prompt.SayChoice(prompt.Chat, m.prefers(all)[0]), nil
}

// says tells whether a judgement finds an attempt right: by its verdict, or by a
// grade of 4 or more.
func says(judgement string) bool {
	if yes, ok := prompt.ParseYesNo(prompt.Chat, judgement); ok {
		return yes
	}
	g, ok := prompt.ParseGrade(prompt.Chat, judgement)
	return ok && g >= 4
}

func writeChecklist(context.Context, *mind, prompt.Data) (string, error) {
	return "- Is the final answer correct?\n- Does every step follow from those before it?\n- Is every condition of the problem kept?", nil
}
