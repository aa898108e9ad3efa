package execution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"pawl/core"
)

// Outcomes gives what p answers to each of the calls. A call that ends the
// program has a fault, and so have those after it if the program ends more than
// three times or has used up its time; a program that cannot be called has
// nothing but faults. Errors
// are the sandbox's.
func Outcomes(ctx context.Context, box core.Sandbox, p Program, calls []Call, l Limits, perCall time.Duration) ([]Answer, error) {
	answers, c, err := outcomes(ctx, box, p, calls, l, perCall)
	if c != nil {
		c.Close()
	}
	return answers, err
}

// outcomes also gives the program as it runs on, nil where it does not.
func outcomes(ctx context.Context, box core.Sandbox, p Program, calls []Call, l Limits, perCall time.Duration) ([]Answer, *Candidate, error) {
	answers, next := make([]Answer, len(calls)), 0
	for i := range answers {
		answers[i].Fault = "missing"
	}
	for range 4 {
		c, err := Start(ctx, box, p, l, perCall)
		if err == nil {
			err = c.Ask(calls[next:], false, func(_ int, a Answer) error {
				answers[next] = a
				next++
				return nil
			})
			if err == nil {
				return answers, c, nil
			}
			c.Close()
		}
		loaded, death := (*Loaded)(nil), (*Death)(nil)
		switch {
		case !Blame(err):
			return nil, nil, err
		case errors.As(err, &loaded), errors.As(err, &death) && death.slow():
			return answers, nil, nil
		}
		if next++; next >= len(calls) {
			break
		}
	}
	return answers, nil, nil
}

// Asserts are tests that a model wrote, at hand for many programs of one task.
// They are as little trusted as the programs, and run in a sandbox too; what
// they could forge is only what they say of programs.
type Asserts struct {
	Text   []string // each once
	Count  []int    // how often each was written
	Inputs []Call   // that the asserts give the function, each once
	talk   *talk
	free   func()
}

// Collect reads asserts from what a model wrote after "assert ": the first most
// of each sample that name the function. programs is how many will be judged.
// A *Broken says that what the model wrote cannot be collected.
func Collect(ctx context.Context, box core.Sandbox, prompt, entry string, samples []string, most, programs int, l Limits, perCall time.Duration) (*Asserts, error) {
	release, err := pair(ctx)
	if err != nil {
		return nil, err
	}
	t, err := begin(ctx, box, testerSource, Limits{Time: time.Duration(programs+2) * l.Time, Memory: l.Memory})
	if err != nil {
		release()
		return nil, err
	}
	var list []byte
	for _, s := range samples {
		list = append(append(list, literal(s)...), ',')
	}
	t.send(fmt.Appendf(nil, "(%s,(%d,[%s]),%s,'asserts',%g)", literal(prompt), most, list, literal(entry), perCall.Seconds()))
	a := &Asserts{talk: t, free: release}
	if err := a.read(); err != nil {
		a.Close()
		if blame(err) {
			err = &Broken{err}
		}
		return nil, err
	}
	return a, nil
}

// Broken is a set of tests that cannot be used.
type Broken struct{ Err error }

func (b *Broken) Error() string { return "the tests cannot be run: " + b.Err.Error() }

func (a *Asserts) read() error {
	f, err := a.talk.frame()
	if err != nil {
		return err
	}
	if len(f) != 3 || f[0] != "t" {
		return &Nonsense{"no list of asserts"}
	}
	texts, _ := f[1].([]any)
	for _, e := range texts {
		pair, _ := e.([]any)
		if len(pair) != 2 {
			return &Nonsense{"an assert of no kind"}
		}
		text, ok := pair[0].(string)
		number, _ := pair[1].(json.Number)
		n, err := number.Int64()
		if !ok || err != nil {
			return &Nonsense{"an assert of no kind"}
		}
		a.Text, a.Count = append(a.Text, text), append(a.Count, int(n))
	}
	inputs, _ := f[2].([]any)
	for _, e := range inputs {
		args, _ := e.([]any)
		call, err := readArguments(args)
		if err != nil { // a function as argument: asserts with it fail for all
			call = Call{Args: Value{Kind: Tuple}, Named: Value{Kind: Dict}}
		}
		a.Inputs = append(a.Inputs, call)
	}
	return nil
}

// Close ends the process of the tests. It is called once.
func (a *Asserts) Close() {
	a.talk.close()
	a.free()
}

// Judge runs p once on all inputs of the asserts, and tells which asserts hold,
// by index, and what it answered to the inputs. It is not safe for concurrent
// use. An error is the sandbox's, or a *Broken.
func (a *Asserts) Judge(ctx context.Context, box core.Sandbox, p Program, l Limits, perCall time.Duration) (holds []bool, answers []Answer, err error) {
	answers, c, err := outcomes(ctx, box, p, a.Inputs, l, perCall)
	if err != nil {
		return nil, nil, err
	}
	if c != nil {
		defer c.Close()
	}
	line := []byte{'['}
	for _, ans := range answers {
		line = append(append(line, literal(string(ans.appendPython(nil)))...), ',')
	}
	a.talk.send(append(line, ']'))
	fault := Answer{Fault: "missing"}
	for {
		f, err := a.talk.frame()
		if err != nil {
			if blame(err) {
				err = &Broken{err}
			}
			return nil, nil, err
		}
		if len(f) == 2 && f[0] == "p" {
			s, _ := f[1].(string)
			if len(s) != len(a.Text) || strings.Trim(s, "01") != "" {
				return nil, nil, &Broken{&Nonsense{"verdicts of no kind"}}
			}
			for _, r := range s {
				holds = append(holds, r == '1')
			}
			return holds, answers, nil
		}
		call, both, err := readCall(f)
		if err != nil || c == nil {
			a.talk.send(fault.appendPython(nil))
			continue
		}
		if err := a.talk.answer(c, call, both); err != nil {
			if !blame(err) {
				return nil, nil, err
			}
			c = nil
			a.talk.send(fault.appendPython(nil))
		}
	}
}
