package execution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"pawl/core"
)

// Verdict is what a test said of a program.
type Verdict struct {
	Pass   bool
	Broken string // the test itself cannot be run; nothing is known of the program
	Calls  int    // that the test had made at its end
	Error  string // what ended the test, or why it had no end: fit to be shown
}

// Check runs a test program, which defines check(candidate), against p, each in
// a process of its own. Errors are the sandbox's or the context's.
func Check(ctx context.Context, box core.Sandbox, p Program, test string, l Limits) (Verdict, error) {
	release, err := pair(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var t *talk
	var testErr error
	wg.Go(func() {
		// The test waits for the candidate, so its time is its own and the other's.
		t, testErr = begin(ctx, box, testerSource, Limits{Time: 2*l.Time + time.Second, Memory: l.Memory})
	})
	c, err := Start(ctx, box, p, l, 0)
	if c != nil {
		defer c.Close()
	}
	wg.Wait()
	if t != nil {
		defer t.close()
	}
	switch {
	case err != nil && Blame(err):
		return Verdict{Error: err.Error()}, nil
	case err != nil:
		return Verdict{}, err
	case testErr != nil:
		return Verdict{}, testErr
	}
	t.send(fmt.Appendf(nil, "(%s,%s,%s,'check',0)", literal(p.Prompt), literal(test), literal(p.Entry)))
	return relay(t, c)
}

// relay hands the test's calls to the candidate until the test has ended.
func relay(t *talk, c *Candidate) (Verdict, error) {
	for calls := 0; ; calls++ {
		f, err := t.frame()
		if err != nil {
			if !blame(err) {
				return Verdict{}, err
			}
			// The test's process came to no end: whatever it was, it is no pass.
			return Verdict{Calls: calls, Error: "the test came to no end with it"}, nil
		}
		if v, ok := verdict(f); ok {
			return v, nil
		}
		call, both, err := readCall(f)
		switch {
		case err == errReturned:
			return Verdict{Calls: calls, Error: err.Error()}, nil
		case err != nil:
			return Verdict{Broken: err.Error(), Calls: calls}, nil
		}
		if err := t.answer(c, call, both); err != nil {
			if !blame(err) {
				return Verdict{}, err
			}
			return Verdict{Calls: calls + 1, Error: err.Error()}, nil
		}
	}
}

// answer asks the candidate and tells the test what came of it.
func (t *talk) answer(c *Candidate, call Call, both bool) error {
	return c.Ask([]Call{call}, both, func(_ int, a Answer) error {
		t.send(a.appendPython(nil))
		return nil
	})
}

// appendPython writes an answer as the test's process reads it.
func (a Answer) appendPython(b []byte) []byte {
	switch {
	case a.Fault != "":
		return append(b, `("CandidateError",())`...)
	case a.Raised != "":
		b = append(append(append(b, `("`...), a.Raised...), `",`...)
		return append(a.Args.appendPython(b), ')')
	}
	b = append(a.Value.appendPython(append(b, `("v",`...)), ',')
	if a.After == nil {
		return append(b, "None)"...)
	}
	return append(a.After.appendPython(b), ')')
}

// verdict reads ["pass"|"fail"|"broken", exception, calls, line].
func verdict(f []any) (Verdict, bool) {
	if len(f) != 4 {
		return Verdict{}, false
	}
	what, _ := f[0].(string)
	kind, _ := f[1].(string)
	number, _ := f[2].(json.Number)
	calls, err := number.Int64()
	if err != nil || what != "pass" && what != "fail" && what != "broken" {
		return Verdict{}, false
	}
	v := Verdict{Pass: what == "pass", Calls: int(calls), Error: identifier(kind)}
	switch what {
	case "pass":
		v.Error = ""
	case "broken":
		v.Broken = "the test defines no check that calls the function"
		if kind != "" {
			v.Broken = "the test fails by itself: " + v.Error
		}
	}
	return v, true
}

// readCall reads ["c", args, named, both].
func readCall(f []any) (call Call, both bool, err error) {
	if len(f) != 4 || f[0] != "c" {
		return call, false, errors.New("the test's process answers out of form")
	}
	both, _ = f[3].(bool)
	if call, err = readArguments(f[1:3]); err == errReturned {
		return call, false, err
	} else if err != nil {
		return call, false, errors.New("the test passes what cannot be handed over, such as a function")
	}
	return call, both, nil
}

// errReturned is a call with a value that the candidate itself gave back, of a
// type that does not cross over. That is the candidate's doing, not the test's.
var errReturned = errors.New("the program answered with a type of its own")

func readArguments(f []any) (call Call, err error) {
	if len(f) != 2 {
		return call, errValue
	}
	if call.Args, err = readValue(f[0], 0); err == nil {
		call.Named, err = readValue(f[1], 0)
	}
	if err == nil && (call.Args.returned() || call.Named.returned()) {
		return call, errReturned
	}
	if err == nil && (call.Args.Kind != Tuple || call.Named.Kind != Dict || !call.Args.Sendable() || !call.Named.Sendable()) {
		err = errValue
	}
	return call, err
}
