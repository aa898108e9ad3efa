package listfn

import (
	"fmt"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// readList reads the list that s begins with, written as [list.String] writes
// it, and gives what follows.
func readList(s string) (l list, rest string, err error) {
	inner, rest, found := strings.Cut(s, "]")
	if !found || !strings.HasPrefix(inner, "[") {
		return l, s, fmt.Errorf("%.20q is no list", s)
	}
	if inner = inner[1:]; inner == "" {
		return l, rest, nil
	}
	var xs []int
	for part := range strings.SplitSeq(inner, ",") {
		x, err := strconv.Atoi(part)
		if err != nil || strconv.Itoa(x) != part {
			return l, s, fmt.Errorf("%.20q is no number", part)
		}
		if xs = append(xs, x); len(xs) > MaxLen {
			break
		}
	}
	l, err = toList(xs)
	return l, rest, err
}

// readLists reads n lists and nothing else.
func readLists(s string, n int) ([]list, error) {
	ls := make([]list, n)
	for i := range ls {
		var err error
		if ls[i], s, err = readList(s); err != nil {
			return nil, err
		}
	}
	if s != "" {
		return nil, fmt.Errorf("%.20q follows the lists", s)
	}
	return ls, nil
}

// read gives the task that a compact prompt of the world poses.
func read(form, prompt string) (core.Task, error) {
	task, err := readPrompt(form, prompt)
	if err != nil {
		return core.Task{}, fmt.Errorf("reading a %s prompt: %w", form, err)
	}
	return task, nil
}

func readPrompt(form, prompt string) (core.Task, error) {
	body, ok := strings.CutPrefix(prompt, keywords[form])
	if !ok {
		return core.Task{}, fmt.Errorf("it does not begin with %q", keywords[form])
	}
	if body, ok = strings.CutSuffix(body, ":"); !ok {
		return core.Task{}, fmt.Errorf("it does not end in a colon")
	}
	head, body, _ := strings.Cut(body, " ")
	var p program
	size, err := strconv.Atoi(head)
	if form != Induce {
		if p, err = parse(head); err == nil && p.String() != head {
			err = fmt.Errorf("%.40q is not written plainly", head)
		}
		size = len(p)
	} else if err == nil && strconv.Itoa(size) != head {
		err = fmt.Errorf("%.20q is no number of operations", head)
	}
	if err != nil {
		return core.Task{}, err
	}
	if form == Apply {
		ls, err := readLists(body, 1)
		if err != nil {
			return core.Task{}, err
		}
		return applyTask("read", world.Compact, p, ls[0]), nil
	}
	var shown []example
	for part := range strings.SplitSeq(body, " ") {
		ls, err := readLists(strings.Replace(part, "]>[", "][", 1), 2)
		if err == nil && strings.Count(part, ">") != 1 {
			err = fmt.Errorf("%.40q is no example", part)
		}
		if err != nil {
			return core.Task{}, err
		}
		if shown = append(shown, example{ls[0], ls[1]}); len(shown) > maxShown {
			break
		}
	}
	z, err := solve(form, size, p, shown)
	if err != nil {
		return core.Task{}, err
	}
	return z.task("read", world.Compact), nil
}

// solve makes the puzzle of form.
func solve(form string, size int, wrong program, shown []example) (*puzzle, error) {
	z, err := pose(size, shown)
	if err == nil && form == Repair {
		err = z.mend(wrong)
	}
	return z, err
}

// decode reads a reference, and solves its puzzle where it holds one: p and l
// of listapply, else z.
func decode(form string, raw []byte) (ref reference, p program, l list, z *puzzle, err error) {
	fail := func(err error) (reference, program, list, *puzzle, error) {
		return ref, nil, l, nil, fmt.Errorf("reading its reference: %w", err)
	}
	if err := world.Decode(raw, &ref); err != nil {
		return ref, nil, l, nil, err
	}
	if ref.Dialect, err = world.Dialect(ref.Dialect); err != nil {
		return fail(err)
	}
	if ref.World != form {
		return fail(fmt.Errorf("it is of world %.20q, not of %s", ref.World, form))
	}
	if form != Induce {
		if p, err = parse(ref.Program); err != nil {
			return fail(err)
		}
	}
	if form == Apply {
		if l, err = toList(ref.List); err != nil {
			return fail(err)
		}
		return ref, p, l, nil, nil
	}
	var shown []example
	for _, e := range ref.Shown {
		in, err := toList(e[0])
		if err != nil {
			return fail(err)
		}
		out, err := toList(e[1])
		if err != nil {
			return fail(err)
		}
		shown = append(shown, example{in, out})
	}
	if z, err = solve(form, ref.Size, p, shown); err != nil {
		return fail(err)
	}
	return ref, p, l, z, nil
}
