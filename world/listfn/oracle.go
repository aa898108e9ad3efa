package listfn

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"pawl/world"
)

// completion is what a solver wrote, in compact form: its steps, and the answer
// where that is no step itself.
type completion struct {
	steps  []string
	answer string
	bare   bool // an English completion may give the answer alone
}

// cut splits a compact completion into steps, each with its delimiter.
func cut(text string) []string {
	if text == "" {
		return nil
	}
	steps := strings.SplitAfter(text, ";")
	if last := len(steps) - 1; steps[last] == "" {
		steps = steps[:last]
	}
	return steps
}

func readCompact(text string) completion {
	steps := strings.Split(strings.TrimSpace(text), ";")
	return completion{steps: steps[:len(steps)-1], answer: steps[len(steps)-1]}
}

var chatStep = regexp.MustCompile(`^\W*([a-z]+[0-9]?)\W*:\s*(\[[^:]*\])[\s.]*$`)

// readChat takes lines such as "rev: [1,3], [5]" as steps and passes over the
// rest. The answer stands after the last ####.
func readChat(text string) completion {
	body, answer, marked := world.CutLast(text, "####")
	if !marked {
		body, answer = "", text
	}
	answer, _, _ = strings.Cut(strings.TrimSpace(answer), "\n")
	c := completion{answer: strings.Trim(squeeze(answer), ".`*")}
	for line := range strings.Lines(body) {
		m := chatStep.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if _, err := parseOp(m[1]); err == nil {
			c.steps = append(c.steps, m[1]+strings.ReplaceAll(squeeze(m[2]), "],[", "]["))
		}
	}
	c.bare = len(c.steps) == 0
	return c
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// judge makes the oracle of form.
func judge(form string) func(raw json.RawMessage) (world.Judge, error) {
	return func(raw json.RawMessage) (world.Judge, error) {
		ref, p, l, z, err := decode(form, raw)
		if err != nil {
			return nil, err
		}
		return func(text string) world.Verdict {
			switch {
			case ref.Dialect == world.Chat && z != nil:
				return z.judge(readChat(text))
			case ref.Dialect == world.Chat:
				return judgeApplyChat(p, l, readChat(text))
			case z != nil:
				return z.judge(readCompact(text))
			}
			return judgeApply(p, l, readCompact(text))
		}, nil
	}
}

// judge tells whether the program answered with agrees with all examples, and
// which step is the first that is miscalculated or leads nowhere. Reasons tell
// about shown examples only.
func (z *puzzle) judge(c completion) world.Verdict {
	v := world.Verdict{Answer: c.answer}
	answer, err := parse(c.answer)
	agreement := "no program is given"
	if err == nil {
		v.Right = z.rightly(answer)
		agreement = z.agreement(answer)
	}
	wrong := func(step int, reason string) world.Verdict {
		v.FirstWrong, v.Reason = step, reason
		return v
	}
	var done program
	for i, s := range c.steps {
		next, problem := z.step(done, s)
		if problem != "" {
			return wrong(i+1, problem)
		}
		done = append(done, next)
		if !v.Right && !reachable(z.after(done), z.size-len(done)) {
			return wrong(i+1, agreement)
		}
	}
	n := len(c.steps)
	switch {
	case !v.Right:
		return wrong(n+1, agreement)
	case c.bare:
	case n < len(answer) && answer[:n].String() == done.String():
		return wrong(n+1, fmt.Sprintf("%s is not worked out", ops[answer[n]].Name))
	case answer.String() != done.String():
		return wrong(n+1, "answers with another program than the steps'")
	}
	v.Valid = true
	return v
}

// step reads a step that follows done and checks its lists.
func (z *puzzle) step(done program, s string) (op uint8, problem string) {
	name, _, _ := strings.Cut(s, "[")
	op, err := parseOp(name)
	switch {
	case err != nil:
		return op, err.Error()
	case len(done) == MaxOps:
		return op, fmt.Sprintf("more than %d operations", MaxOps)
	}
	next := append(done[:len(done):len(done)], op)
	if lists := z.lists(next); s != name+lists {
		return op, fmt.Sprintf("%s makes %s, not %.80q", name, lists, s[len(name):])
	}
	return op, ""
}

// agreement tells which shown examples p agrees with.
func (z *puzzle) agreement(p program) string {
	miss := p.firstMiss(z.shown)
	if miss < 0 {
		return fmt.Sprintf("agrees with all %d shown examples", len(z.shown))
	}
	agree := 0
	for i := range z.shown {
		if p.agrees(z.shown[i : i+1]) {
			agree++
		}
	}
	e := z.shown[miss]
	return fmt.Sprintf("agrees with %d of %d shown examples: %s makes %s of %s, not %s", agree, len(z.shown), p, p.run(e.in), e.in, e.out)
}
