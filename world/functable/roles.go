package functable

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// read is the task of a compact prompt. A prompt with a book may define its
// functions as it likes; one without may call those of its table.
func read(prompt string) (core.Task, error) {
	fail := func(err error) (core.Task, error) {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: functable: %w", prompt, err)
	}
	head, rest, ok := strings.Cut(prompt, " ")
	rest, closed := strings.CutSuffix(rest, "=")
	if !ok || !closed || !strings.HasPrefix(head, "fn") {
		return fail(errors.New("it is not of the form fn zopa(bilu(3))="))
	}
	var table uint64
	if head != "fn" {
		var err error
		if table, err = strconv.ParseUint(head[2:], 10, 64); err != nil || keyword(table) != head {
			return fail(fmt.Errorf("%.20q names no table", head))
		}
	}
	known := map[string]function{}
	book := Closed
	listed, text, open := strings.Cut(rest, ":")
	if open {
		book = Open
		for entry := range strings.SplitSeq(listed, ",") {
			name, values, _ := strings.Cut(entry, " ")
			if !isName(name) || !isValues(values) {
				return fail(fmt.Errorf("%.20q is no entry of a book: bilu 3140592687 is", entry))
			}
			known[name] = function{name: name, values: values}
		}
	} else {
		text = listed
		for _, f := range makeTable(table) {
			known[f.name] = f
		}
	}
	e, err := parse(text, known)
	if err != nil {
		return fail(err)
	}
	e.table = table
	t := e.task("functable/"+prompt, book, world.Compact)
	if t.Text() != prompt {
		return fail(fmt.Errorf("its book is not in order: %.80q is", t.Text()))
	}
	return t, nil
}

// parse reads an expression of known functions.
func parse(text string, known map[string]function) (*expression, error) {
	parts := strings.Split(strings.TrimRight(text, ")"), "(")
	depth := len(parts) - 1
	if depth < 1 || depth > maxDepth || len(text)-len(strings.TrimRight(text, ")")) != depth {
		return nil, fmt.Errorf("%.40q is no call: 1 to %d are nested, and every one is closed", text, maxDepth)
	}
	argument := parts[depth]
	if len(argument) != 1 || argument[0] < '0' || argument[0] > '9' {
		return nil, fmt.Errorf("the argument %.20q is no digit", argument)
	}
	e := &expression{argument: int(argument[0] - '0')}
	for i := depth - 1; i >= 0; i-- {
		f, ok := known[parts[i]]
		if !ok {
			return nil, fmt.Errorf("no function is named %.20q", parts[i])
		}
		e.calls = append(e.calls, f)
	}
	return e, nil
}

// plan lists the calls in the order in which they have to be made.
func plan(raw json.RawMessage) (string, error) {
	ref, _, err := decode(raw)
	return strings.Join(ref.Calls, ","), err
}

// recovered goes from the value back to the argument, which is hidden, from the
// outermost call on: "dage(7)=7;rozi(5)=7;5". Every function has each value once.
func recovered(raw json.RawMessage, _ *rand.Rand) (masked, text string, err error) {
	ref, e, err := decode(raw)
	if err != nil {
		return "", "", err
	}
	t := e.task("", ref.Book, world.Compact)
	argument := strconv.Itoa(e.argument)
	before, after, _ := strings.Cut(t.Text(), "("+argument+")")
	worked, _ := e.worked(e.truth)
	calls := strings.Split(worked, ";")
	calls = calls[:len(calls)-1] // the value alone
	slices.Reverse(calls)
	return before + "(x)" + after, strings.Join(calls, ";") + ";" + argument, nil
}

// flaw remembers one fact wrong, and goes on from it: the value of another
// argument, or of another function, or any digit.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, e, err := decode(raw)
	if err != nil {
		return "", err
	}
	at := r.IntN(len(e.calls))
	text, _ := e.worked(func(call, x int) int {
		y := e.truth(call, x)
		if call != at {
			return y
		}
		candidates := []int{e.calls[call].of((x + 1) % 10), e.calls[r.IntN(len(e.calls))].of(x), (y + 1 + r.IntN(9)) % 10}
		for _, k := range r.Perm(len(candidates)) {
			if candidates[k] != y {
				return candidates[k]
			}
		}
		return (y + 1) % 10
	})
	if ref.Dialect == world.Chat {
		// English is judged by its value alone, and a book's functions may make
		// the right value of a wrong one; so the last call is the wrong one.
		last := len(e.calls) - 1
		text, _ = e.worked(func(call, x int) int {
			if y := e.truth(call, x); call < last {
				return y
			} else {
				return (y + 1 + at%9) % 10
			}
		})
		return english(text), nil
	}
	return text, nil
}
