package lesson

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/world"
)

// newJudge is the oracle of a lesson. Where the role writes a solution, the
// world's oracle judges it; a proposal is right if it poses a task; verdicts and
// plans are right if they are the ones.
func newJudge(raw json.RawMessage) (world.Judge, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return nil, err
	}
	rules, ok := world.RulesOf(ref.Of)
	if !ok || ref.Of == Name { // a lesson of lessons would nest without end
		return nil, fmt.Errorf("reading its reference: no world named %q", ref.Of)
	}
	said := func(ok bool, answer string) world.Verdict {
		v := world.Verdict{Right: ok, Valid: ok, Answer: answer}
		if !ok {
			v.FirstWrong, v.Reason = 1, "it should be "+ref.Answer
		}
		return v
	}
	switch ref.Role {
	case "verify":
		return func(text string) world.Verdict {
			_, ok := prompt.ParseYesNo(prompt.Compact, text)
			return said(ok && text == ref.Answer, text)
		}, nil
	case "locate", "compare", "grade", "plan":
		return func(text string) world.Verdict { return said(text == ref.Answer, text) }, nil
	case "recover": // any way that leads to the number
		return func(text string) world.Verdict {
			return said(lastPart(text) == lastPart(ref.Answer), lastPart(text))
		}, nil
	case "propose":
		if rules.Read == nil {
			return nil, fmt.Errorf("reading its reference: world %s reads no prompts", ref.Of)
		}
		return func(text string) world.Verdict {
			t, err := rules.Read(text)
			if err != nil {
				return world.Verdict{Answer: text, FirstWrong: 1, Reason: err.Error()}
			}
			return world.Verdict{Right: true, Valid: true, Answer: t.Text()}
		}, nil
	}
	var judge world.Judge
	if rules.Judge != nil {
		var err error
		if judge, err = rules.Judge(ref.Inner); err != nil {
			return nil, err
		}
	}
	return func(text string) world.Verdict {
		switch {
		case ref.Role == "attempt_or_abstain" && (text == prompt.Abstention || ref.Answer == prompt.Abstention):
			return said(text == ref.Answer, text)
		case judge == nil: // a move of a play: the expert's
			return said(strings.TrimSpace(text) == ref.Answer, text)
		}
		return judge(ref.Before + text)
	}, nil
}

// lastPart is what follows the last semicolon.
func lastPart(text string) string { return text[strings.LastIndexByte(text, ';')+1:] }

// Of tells the world, role and level of a lesson.
func Of(t core.Task) (name, role, level string) {
	for _, o := range t.Origin {
		switch kind, value, _ := strings.Cut(o, ":"); kind {
		case "world":
			name = value
		case "role":
			role = value
		case "level":
			level = value
		}
	}
	return name, role, level
}
