package listfn

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	register(Apply, registry.Doc{
		Summary: "Carry out a small program on a list, operation by operation.",
		Detail: "Programs are operations such as sort or add1, joined by |; the lists hold numbers from 0 to 99. " +
			"Each step is the list after one operation, and the last is the answer.",
		Example: "listapply: {split: train, level: 3}",
	}, planApply)
}

// planApply names the operations.
func planApply(raw json.RawMessage) (string, error) {
	_, p, _, _, err := decode(Apply, raw)
	return strings.ReplaceAll(p.String(), "|", ";"), err
}

// applyTask asks what p makes of l.
func applyTask(split, dialect string, p program, l list) core.Task {
	trace := make([]list, len(p))
	for i := range p {
		trace[i] = p[:i+1].run(l)
	}
	ref := reference{
		Reference: core.Reference{Answer: trace[len(p)-1].String(), World: Apply},
		Program:   p.String(), List: l.ints(), Dialect: dialect,
	}
	prompt := keywords[Apply] + p.String() + " " + l.String() + ":"
	if dialect == world.Chat {
		prompt = applyEnglish(p, l)
		ref.Solution = chatSteps(p, func(i int) string { return trace[i].String() }, ref.Answer)
	} else {
		ref.Solution = joinLists(trace)
	}
	return world.NewTask(Apply, Apply+"/"+split+"/"+p.String()+l.String(), prompt, ref)
}

// joinLists writes the steps of listapply.
func joinLists(ls []list) string {
	var b []byte
	for i, l := range ls {
		if i > 0 {
			b = append(b, ';')
		}
		b = l.append(b)
	}
	return string(b)
}

func applyEnglish(p program, l list) string {
	return fmt.Sprintf("%s\nWhat does the program %s make of the list %s? Write each operation on its own line with the list it gives, "+
		"as in rev: [1,3]. Write the final list last, on its own line, as #### list.", language(), p, l)
}

// judgeApply compares list by list; the last one is the answer.
func judgeApply(p program, l list, c completion) world.Verdict {
	v := world.Verdict{Answer: c.answer, Right: c.answer == p.run(l).String()}
	lists := append(c.steps, c.answer)
	for i, text := range lists {
		if i == len(p) {
			v.FirstWrong, v.Reason = i+1, fmt.Sprintf("goes on after the last operation, %s", ops[p[i-1]].Name)
			return v
		}
		if truth := p[:i+1].run(l); text != truth.String() {
			v.FirstWrong = i + 1
			v.Reason = fmt.Sprintf("%s of %s is %s, not %.40q", ops[p[i]].Name, p[:i].run(l), truth, text)
			return v
		}
	}
	if len(lists) < len(p) {
		v.FirstWrong, v.Reason = len(lists)+1, fmt.Sprintf("stops before %s", ops[p[len(lists)]].Name)
		return v
	}
	v.Valid = true
	return v
}

// judgeApplyChat judges the lines of an English completion as steps, and the
// answer as one more.
func judgeApplyChat(p program, l list, c completion) world.Verdict {
	right := c.answer == p.run(l).String()
	v := world.Verdict{Answer: c.answer, Right: right, Valid: right}
	wrong := func(step int, format string, args ...any) world.Verdict {
		v.Valid, v.FirstWrong, v.Reason = false, step, fmt.Sprintf(format, args...)
		return v
	}
	for i, s := range c.steps {
		if i == len(p) {
			return wrong(i+1, "goes on after the last operation")
		}
		if want := ops[p[i]].Name + p[:i+1].run(l).String(); s != want {
			return wrong(i+1, "%s of %s is %s, not %.40q", ops[p[i]].Name, p[:i].run(l), p[:i+1].run(l), s)
		}
	}
	switch n := len(c.steps); {
	case n < len(p) && !c.bare:
		return wrong(n+1, "stops before %s", ops[p[n]].Name)
	case !right:
		return wrong(n+1, "the list is %s", p.run(l))
	}
	return v
}
