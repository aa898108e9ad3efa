package execution

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"pawl/core"
)

// Program is a candidate as source.
type Program struct {
	Source string
	Entry  string // name of what is called
	Prompt string // of the task; executed only where it is code
	GoesOn bool   // the source continues the prompt, and is no program by itself
}

// Call is what a program is asked.
type Call struct {
	Args  Value // a Tuple
	Named Value // a Dict with text for keys
}

// Answer is what one call came to: a value, an exception or a fault.
type Answer struct {
	Value  Value
	After  *Value // the arguments after the call, where they were asked for
	Raised string // Python's own name of the exception, or of its nearest ancestor
	Args   Value  // of the exception, a Tuple
	Fault  string // there was neither: "too large", "too long"
}

// Wrong says what kept a call from a value: the name of an exception, a fault,
// or "".
func (a Answer) Wrong() string {
	if a.Fault != "" {
		return "an answer that is " + a.Fault
	}
	return a.Raised
}

// Candidate is a running program. It is not safe for concurrent use.
type Candidate struct {
	talk *talk
	next int // number of the next call
}

// Loaded tells why a program could not be called; nil where it can.
type Loaded struct{ Why string }

func (l *Loaded) Error() string { return "the program " + l.Why }

// Start runs a program up to its first call. An error that Blame tells to be
// the program's is a *Loaded, *Death or *Nonsense; any other is the sandbox's.
// Each call may take perCall of processor; zero sets no bound but that of l.
func Start(ctx context.Context, box core.Sandbox, p Program, l Limits, perCall time.Duration) (*Candidate, error) {
	t, err := begin(ctx, box, guestSource, l)
	if err != nil {
		return nil, err
	}
	goesOn := "False"
	if p.GoesOn {
		goesOn = "True"
	}
	t.send(fmt.Appendf(nil, "(%s,%s,%s,%s,%s)", literal(p.Source), literal(p.Prompt), goesOn, literal(p.Entry),
		strconv.FormatFloat(perCall.Seconds(), 'f', -1, 64)))
	c := &Candidate{talk: t}
	a, missing, err := c.read(0)
	switch {
	case err != nil:
	case missing:
		err = &Loaded{"defines no function " + p.Entry}
	case a.Wrong() != "":
		err = &Loaded{"fails before it is called: " + a.Wrong()}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Blame tells whether err is the program's doing, and not the sandbox's or the
// caller's.
func Blame(err error) bool {
	_, ok := err.(*Loaded)
	return ok || blame(err)
}

// Close ends the program.
func (c *Candidate) Close() { c.talk.close() }

// Ask makes calls, in order, and gives each answer to each as it comes, with
// its index. With both, answers tell the arguments as the call left them. It
// ends early with a *Death or *Nonsense where the program ends or lies, and with
// what each returns.
func (c *Candidate) Ask(calls []Call, both bool, each func(i int, a Answer) error) error {
	if len(calls) == 0 {
		return nil
	}
	line := []byte{'['}
	for i, call := range calls {
		line = append(strconv.AppendInt(append(line, '('), int64(c.next+1+i), 10), ',')
		line = append(call.Args.appendPython(line), ',')
		line = call.Named.appendPython(line)
		if both {
			line = append(line, ",True),"...)
		} else {
			line = append(line, ",False),"...)
		}
	}
	c.talk.send(append(line, ']'))
	for i := range calls {
		c.next++
		a, missing, err := c.read(c.next)
		if err == nil && missing {
			err = &Nonsense{"a call that names no function"}
		}
		if err == nil {
			err = each(i, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads the answer to call n. All of it is the program's word.
func (c *Candidate) read(n int) (a Answer, missing bool, err error) {
	f, err := c.talk.frame()
	if err != nil {
		return a, false, err
	}
	bad := func(what string) (Answer, bool, error) { return Answer{}, false, &Nonsense{what} }
	if len(f) < 2 {
		return bad("too short a line")
	}
	id, ok := f[0].(json.Number)
	if !ok || string(id) != strconv.Itoa(n) {
		return bad("an answer to no call")
	}
	what, _ := f[1].(string)
	switch {
	case what == "m" && len(f) == 2:
		return a, true, nil
	case what == "o" && len(f) == 2:
		return Answer{Fault: "too large"}, false, nil
	case what == "l" && len(f) == 2:
		return Answer{Fault: "too long in coming"}, false, nil
	case what == "v" && len(f) == 4:
		if a.Value, err = readValue(f[2], 0); err != nil {
			return bad("a value of no kind")
		}
		if f[3] != nil {
			after, err := readValue(f[3], 0)
			if err != nil || after.Kind != Tuple {
				return bad("arguments of no kind")
			}
			a.After = &after
		}
		return a, false, nil
	case what == "x" && len(f) == 4:
		kinds, ok := f[2].([]any)
		if !ok {
			return bad("an exception of no kind")
		}
		a.Raised = exception(kinds)
		if a.Args, err = readValue(f[3], 0); err != nil || a.Args.Kind != Tuple {
			a.Args = Value{Kind: Tuple}
		}
		return a, false, nil
	}
	return bad("an answer of no kind")
}

// exceptions are those of Python's that may cross over by name. StopIteration
// and its like are not among them: raised inside a test they would end its
// loops, as if all were done.
var exceptions = []string{
	"ArithmeticError", "AssertionError", "AttributeError", "BufferError", "EOFError", "FileExistsError", "FileNotFoundError",
	"FloatingPointError", "ImportError", "IndexError", "InterruptedError", "IsADirectoryError", "KeyError", "LookupError", "MemoryError",
	"ModuleNotFoundError", "NameError", "NotADirectoryError", "NotImplementedError", "OSError", "OverflowError", "PermissionError",
	"RecursionError", "ReferenceError", "RuntimeError", "SyntaxError", "IndentationError", "TabError", "SystemError", "TimeoutError",
	"TypeError", "UnboundLocalError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError", "ValueError", "ZeroDivisionError", "Exception",
}

// exception is the first of the names that is Python's own.
func exception(kinds []any) string {
	for _, k := range kinds {
		if s, ok := k.(string); ok && slices.Contains(exceptions, s) {
			return s
		}
	}
	return "BaseException"
}
