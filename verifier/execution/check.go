package execution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pawl/core"
)

// Verdict is what a test said of a program.
type Verdict struct {
	Pass   bool
	Broken string // the test itself cannot be run; nothing is known of the program
	Calls  int    // that the test had made at its end
	Doubt  bool   // a process was ended from outside, perhaps by a machine in need
	Error  string // what ended the test, or why it had no end: fit to be shown
}

// Tests is a test program, at hand for the candidates of one task, one after
// the other. It lives in a process of its own, and forks for each of them. It is
// not safe for concurrent use.
type Tests struct {
	talk *talk
	l    Limits
}

// Check runs a test against one candidate.
func Check(ctx context.Context, box core.Sandbox, p Program, test string, l Limits) (Verdict, error) {
	t, err := Open(ctx, box, p.Prompt, p.Entry, test, 1, l)
	if err != nil {
		return Verdict{}, err
	}
	defer t.Close()
	v, _, err := t.Check(ctx, box, p)
	return v, err
}

// Open starts a test program, which defines check(candidate) or calls the entry
// point by its name, for so many programs. Errors are the sandbox's.
func Open(ctx context.Context, box core.Sandbox, prompt, entry, test string, programs int, l Limits) (*Tests, error) {
	if _, err := pair(ctx); err != nil {
		return nil, err
	}
	return start(ctx, box, prompt, entry, test, programs, l)
}

// start is Open by one who has a place among pairs.
func start(ctx context.Context, box core.Sandbox, prompt, entry, test string, programs int, l Limits) (*Tests, error) {
	t, err := begin(ctx, box, testerSource, Limits{Time: time.Duration(programs+2) * l.Time, Memory: l.Memory})
	if err != nil {
		<-pairs
		return nil, err
	}
	t.send(fmt.Appendf(nil, "(%s,%s,%s,'check',%g)", literal(prompt), literal(test), literal(entry), l.Time.Seconds()))
	return &Tests{t, l}, nil
}

// Close ends the test's process. It is called once.
func (t *Tests) Close() {
	t.talk.close()
	<-pairs
}

// Check runs the test against p. Without again the test's process is of no more
// use. Errors are the sandbox's or the context's.
func (t *Tests) Check(ctx context.Context, box core.Sandbox, p Program) (v Verdict, again bool, err error) {
	c, err := Start(ctx, box, p, t.l, 0)
	if err != nil {
		if Blame(err) {
			return Verdict{Error: err.Error(), Doubt: Doubtful(err)}, true, nil
		}
		return Verdict{}, false, err
	}
	defer c.Close()
	// A test that waits for nothing at all is ended from here.
	late := time.AfterFunc(2*t.l.wall(), func() { t.talk.p.Close() })
	defer late.Stop()
	t.talk.send([]byte("0"))
	v = Verdict{Error: "the test came to no end with it", Doubt: true}
	ended := false
	for calls := 0; ; calls++ {
		f, err := t.talk.frame()
		switch {
		case err != nil && blame(err):
			return v, false, nil // whatever it was, it is no pass
		case err != nil:
			return Verdict{}, false, err
		case len(f) == 1 && f[0] == "next":
			return v, true, nil
		case ended:
			return Verdict{Error: "the test speaks after its end"}, false, nil
		}
		var said bool
		if v, said = verdict(f, v); said {
			ended = true
			continue
		}
		if v, err = t.relay(c, f, v, calls+1); err != nil {
			return Verdict{}, false, err
		}
	}
}

// relay hands a call of the test's to the candidate. Where that cannot answer
// the test is sent home, and v is what is to be said of it.
func (t *Tests) relay(c *Candidate, f []any, v Verdict, calls int) (Verdict, error) {
	call, both, err := readCall(f)
	if err == nil {
		err = t.talk.answer(c, call, both)
	}
	switch {
	case err == nil:
		return v, nil
	case err == errReturned || Blame(err):
		v = Verdict{Calls: calls, Error: err.Error(), Doubt: Doubtful(err)}
	case errors.Is(err, errHanded):
		v = Verdict{Broken: err.Error()}
	default:
		return v, err
	}
	t.talk.send([]byte(`("!",())`))
	return v, nil
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

// verdict reads ["pass"|"fail"|"broken", exception, calls, line]; before is the
// verdict so far.
func verdict(f []any, before Verdict) (Verdict, bool) {
	if len(f) != 4 {
		return before, false
	}
	what, _ := f[0].(string)
	kind, _ := f[1].(string)
	number, _ := f[2].(json.Number)
	calls, err := number.Int64()
	if err != nil || what != "pass" && what != "fail" && what != "broken" {
		return before, false
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
		return call, false, &Nonsense{"not a call"}
	}
	both, _ = f[3].(bool)
	if call, err = readArguments(f[1:3]); err == errReturned {
		return call, false, err
	} else if err != nil {
		return call, false, errHanded
	}
	return call, both, nil
}

// errReturned is a call with a value that the candidate itself gave back, of a
// type that does not cross over. That is the candidate's doing, not the test's.
var errReturned = errors.New("the program answered with a type of its own")

var errHanded = errors.New("the test passes what cannot be handed over, such as a function")

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
