package listfn

import (
	"fmt"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	register(Induce, registry.Doc{
		Summary: "Find a program on lists from examples of what it does.",
		Detail: "Any program is right that agrees with the shown examples and with hidden ones; no short program " +
			"agrees with the shown ones alone. The oracle carries programs out. Steps apply one operation to all shown inputs.",
		Paper:   "Phenomenal Yet Puzzling: Testing Inductive Reasoning Capabilities of Language Models with Hypothesis Refinement (Qiu et al., 2023)",
		Example: "listinduce: {split: train, level: 3}",
	}, nil)
}

// form names the world of the puzzle.
func (z *puzzle) form() string {
	if z.wrong != nil {
		return Repair
	}
	return Induce
}

// task asks for a program.
func (z *puzzle) task(split, dialect string) core.Task {
	p := z.right[0]
	ref := reference{
		Reference: core.Reference{Answer: p.String(), World: z.form()},
		Size:      z.size, Dialect: dialect,
	}
	if z.wrong != nil {
		ref.Program = z.wrong.String()
	}
	for _, e := range z.shown {
		ref.Shown = append(ref.Shown, [2]ints{e.in.ints(), e.out.ints()})
	}
	prompt := z.prompt()
	id := z.form() + "/" + split + "/" + fmt.Sprintf("%016x", core.NewHasher("listfn id").String(prompt).Seed())
	if dialect == world.Chat {
		prompt = z.english()
		ref.Solution = chatSteps(p, func(i int) string { return strings.ReplaceAll(z.lists(p[:i+1]), "][", "], [") }, ref.Answer)
	} else {
		ref.Solution = z.work(p)
	}
	return world.NewTask(z.form(), id, prompt, ref)
}

func (z *puzzle) prompt() string {
	var b strings.Builder
	b.WriteString(keywords[z.form()])
	if z.wrong != nil {
		b.WriteString(z.wrong.String())
	} else {
		b.WriteString(strconv.Itoa(z.size))
	}
	for _, e := range z.shown {
		fmt.Fprintf(&b, " %s>%s", e.in, e.out)
	}
	b.WriteByte(':')
	return b.String()
}

// work writes p worked out on the shown inputs, then p.
func (z *puzzle) work(p program) string {
	var b strings.Builder
	for i, o := range p {
		b.WriteString(ops[o].Name)
		b.WriteString(z.lists(p[:i+1]))
		b.WriteByte(';')
	}
	b.WriteString(p.String())
	return b.String()
}

// lists is what p makes of the shown inputs.
func (z *puzzle) lists(p program) string {
	var b []byte
	for _, e := range z.after(p) {
		b = e.in.append(b)
	}
	return string(b)
}

func (z *puzzle) english() string {
	var b strings.Builder
	b.WriteString(language() + "\n")
	if z.wrong != nil {
		fmt.Fprintf(&b, "The program %s is wrong. Mend it, so that it does this:\n", z.wrong)
	} else {
		b.WriteString("Find a program that does this:\n")
	}
	for _, e := range z.shown {
		fmt.Fprintf(&b, "%s becomes %s\n", e.in, e.out)
	}
	noun := "operations are"
	if z.size == 1 {
		noun = "operation is"
	}
	fmt.Fprintf(&b, "It must do the same to other lists; %d %s enough. Write each operation on its own line with the lists that it "+
		"makes of those inputs, as in rev: [1,3], [5]. Write the program last, on its own line, as #### program.", z.size, noun)
	return b.String()
}
