package listfn

import (
	"fmt"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// keywords begin the compact prompts of the worlds.
var keywords = map[string]string{Apply: "ls ", Induce: "find ", Repair: "fix "}

// reference is an instance. Puzzles are solved anew from it, which gives the
// hidden examples.
type reference struct {
	core.Reference
	Program string    `json:"program,omitempty"` // to carry out, or to mend
	List    []int     `json:"list,omitempty"`    // to carry it out on
	Size    int       `json:"size,omitempty"`    // operations of a short program
	Shown   [][2]ints `json:"shown,omitempty"`   // inputs and outputs
	Dialect string    `json:"dialect"`
}

type ints = []int

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

// chatSteps writes one operation and what it makes on each line.
func chatSteps(p program, made func(i int) string, answer string) string {
	var b strings.Builder
	for i, o := range p {
		fmt.Fprintf(&b, "%s: %s\n", ops[o].Name, made(i))
	}
	b.WriteString("#### " + answer)
	return b.String()
}

// language explains it in English.
func language() string {
	var b strings.Builder
	b.WriteString("Lists hold whole numbers from 0 to 99; arithmetic is modulo 100. A program is a sequence of operations joined by |, carried out from left to right. The operations are:\n")
	for _, o := range ops {
		fmt.Fprintf(&b, "%s: %s\n", o.Name, o.Doc)
	}
	return b.String()
}

func applyEnglish(p program, l list) string {
	return fmt.Sprintf("%s\nWhat does the program %s make of the list %s? Write each operation on its own line with the list it gives, "+
		"as in rev: [1,3]. Write the final list last, on its own line, as #### list.", language(), p, l)
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
