package functable

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// expression is one instance: calls from the inside out, and the innermost
// argument.
type expression struct {
	table    uint64
	calls    []function
	argument int
}

// reference tells an expression with the functions it calls.
type reference struct {
	core.Reference
	Table    uint64   `json:"table"`
	Calls    []string `json:"calls"`  // names, from the inside out
	Values   []string `json:"values"` // of the calls, at 0 to 9
	Argument int      `json:"argument"`
	Book     string   `json:"book"`
	Dialect  string   `json:"dialect"`
}

// text writes the expression: zopa(bilu(3)).
func (e *expression) text() string {
	var b strings.Builder
	for _, f := range slices.Backward(e.calls) {
		b.WriteString(f.name + "(")
	}
	b.WriteString(strconv.Itoa(e.argument))
	b.WriteString(strings.Repeat(")", len(e.calls)))
	return b.String()
}

// book lists the functions called, each once, by name.
func (e *expression) book() []function {
	book := slices.Clone(e.calls)
	slices.SortFunc(book, func(a, b function) int { return cmp.Compare(a.name, b.name) })
	return slices.Compact(book)
}

// worked writes every call out; outcome may differ from a call's true value,
// and what follows goes on from it.
func (e *expression) worked(outcome func(call, x int) int) (text, answer string) {
	var b strings.Builder
	x := e.argument
	for i, f := range e.calls {
		y := outcome(i, x)
		fmt.Fprintf(&b, "%s(%d)=%d;", f.name, x, y)
		x = y
	}
	answer = strconv.Itoa(x)
	return b.String() + answer, answer
}

// truth is the outcome of a call.
func (e *expression) truth(call, x int) int { return e.calls[call].of(x) }

// task puts the task of e together.
func (e *expression) task(id, book, dialect string) core.Task {
	solution, answer := e.worked(e.truth)
	ref := reference{
		Reference: core.Reference{Answer: answer, Solution: solution, World: "functable"},
		Table:     e.table, Argument: e.argument, Book: book, Dialect: dialect,
	}
	for _, f := range e.calls {
		ref.Calls, ref.Values = append(ref.Calls, f.name), append(ref.Values, f.values)
	}
	if dialect == world.Chat {
		ref.Solution = english(solution)
		return world.NewTask("functable", id, e.english(book), ref)
	}
	prompt := keyword(e.table) + " "
	if book == Open {
		for i, f := range e.book() {
			if i > 0 {
				prompt += ","
			}
			prompt += f.name + " " + f.values
		}
		prompt += ":"
	}
	return world.NewTask("functable", id, prompt+e.text()+"=", ref)
}

// english is the prompt in the chat dialect.
func (e *expression) english(book string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The library %s has functions from digits to digits.", keyword(e.table))
	if book == Open {
		b.WriteString(" From its documentation:\n")
		for _, f := range e.book() {
			fmt.Fprintf(&b, "%s gives, for 0 to 9 in this order: %s\n", f.name, strings.Join(strings.Split(f.values, ""), ", "))
		}
		b.WriteString("What")
	} else {
		b.WriteString(" What")
	}
	fmt.Fprintf(&b, " is %s? Work from the inside out. End with the value on a line of its own, as #### value.", e.text())
	return b.String()
}

// english puts a compact completion into the chat dialect.
func english(compact string) string {
	parts := strings.Split(strings.ReplaceAll(compact, "=", " = "), ";")
	parts[len(parts)-1] = "#### " + parts[len(parts)-1]
	return strings.Join(parts, "\n")
}

// decode reads a reference and checks its instance.
func decode(raw json.RawMessage) (reference, *expression, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return ref, nil, err
	}
	fail := func(reason string) (reference, *expression, error) {
		return ref, nil, errors.New("reading its reference: " + reason)
	}
	e := &expression{table: ref.Table, argument: ref.Argument}
	switch {
	case len(ref.Calls) == 0 || len(ref.Calls) != len(ref.Values):
		return fail(fmt.Sprintf("%d calls with %d lists of values", len(ref.Calls), len(ref.Values)))
	case e.argument < 0 || e.argument > 9:
		return fail(fmt.Sprintf("the argument %d is no digit", e.argument))
	}
	for i, name := range ref.Calls {
		if !isName(name) || !isValues(ref.Values[i]) {
			return fail(fmt.Sprintf("%.20q %.20q is no function", name, ref.Values[i]))
		}
		e.calls = append(e.calls, function{name: name, values: ref.Values[i]})
	}
	return ref, e, nil
}
