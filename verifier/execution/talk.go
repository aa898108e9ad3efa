package execution

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"pawl/core"
)

//go:embed wire.py
var wire string

//go:embed guest.py
var guest string

//go:embed tester.py
var tester string

var guestSource, testerSource = wire + "\n" + guest, wire + "\n" + tester

// Limits bound a program and what tests it. They come to the whole of one
// program: its start and all of its calls.
type Limits struct {
	Time   time.Duration // of processor; waiting is allowed thrice as long, and a second
	Memory int64         // bytes
}

// wall is how long a process may last.
func (l Limits) wall() time.Duration { return 3*l.Time + time.Second }

// longest is the longest line that a process may say, in bytes; said is all
// that it may say.
const (
	longest = 4 << 20
	said    = 256 << 20
)

// Death is a program that ended before it had answered.
type Death struct{ Ran core.Ran }

// Why says how it ended, in words that tell nothing of the tests.
func (d *Death) Why() string {
	switch r := d.Ran; {
	case d.slow():
		return "took too long"
	case r.Exceeded != "":
		return "went beyond its limit of " + r.Exceeded
	case r.Signal != "":
		return "was ended by " + r.Signal
	default:
		return fmt.Sprintf("ended by itself with status %d", r.Exit)
	}
}

func (d *Death) slow() bool {
	return d.Ran.Exceeded == core.ExceededCPU || d.Ran.Exceeded == core.ExceededWall
}

// Doubtful tells whether err is a death that need not be the program's doing: it
// was killed and had met no limit, or had waited for a processor for too long.
func Doubtful(err error) bool {
	d := (*Death)(nil)
	return errors.As(err, &d) && (d.Ran.Exceeded == "" && d.Ran.Signal == "SIGKILL" || d.Ran.Exceeded == core.ExceededWall)
}

func (d *Death) Error() string { return "the program " + d.Why() }

// Nonsense is a line that no honest guest says.
type Nonsense struct{ What string }

func (n *Nonsense) Error() string { return "the program answered out of form: " + n.What }

// talk is a process that is spoken to line by line.
type talk struct {
	p    core.Process
	in   io.WriteCloser
	out  *bufio.Reader
	stop func() bool
	ctx  context.Context
}

// begin starts one of the guests and waits until it is up, before any code of
// others runs in it. A machine in need may end a process that has only begun,
// so it is tried thrice.
func begin(ctx context.Context, box core.Sandbox, source string, l Limits) (t *talk, err error) {
	for range 3 {
		if t, err = beginOnce(ctx, box, source, l); err == nil || ctx.Err() != nil {
			break
		}
	}
	return t, err
}

func beginOnce(ctx context.Context, box core.Sandbox, source string, l Limits) (*talk, error) {
	p, err := box.Start(ctx, core.Program{
		Language: core.LanguagePython, Source: source,
		Limits: core.Limits{CPU: l.Time, Wall: l.wall(), Memory: l.Memory, Output: said},
	})
	if err != nil {
		return nil, err
	}
	t := &talk{p: p, in: p.Stdin(), out: bufio.NewReaderSize(p.Stdout(), 1<<14), ctx: ctx}
	t.stop = context.AfterFunc(ctx, func() { p.Close() })
	line, err := t.next()
	if err != nil || string(line) != `["hi"]` {
		ran, waitErr := p.Wait()
		t.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// No code of a program's has run yet: this is no verdict on one.
		why := (&Death{ran}).Why()
		if waitErr != nil {
			why = waitErr.Error()
		}
		return nil, fmt.Errorf("starting Python in the sandbox: it %s before it was up; it said %.300q", why, ran.Stderr)
	}
	return t, nil
}

func (t *talk) close() {
	t.stop()
	t.p.Close()
}

// send says one line. A process that is gone is noticed by next.
func (t *talk) send(line []byte) { t.in.Write(append(line, '\n')) }

// next reads one line. A process that has ended is a *Death, one that says too
// much a *Nonsense; other errors are the sandbox's.
func (t *talk) next() ([]byte, error) {
	var line []byte
	for {
		part, err := t.out.ReadSlice('\n')
		if len(line)+len(part) > longest {
			return nil, &Nonsense{"a line without end"}
		}
		if err == nil && line == nil {
			return part[:len(part)-1], nil // good until the next read
		}
		line = append(line, part...)
		switch err {
		case nil:
			return line[:len(line)-1], nil
		case bufio.ErrBufferFull:
		default:
			if t.ctx.Err() != nil {
				return nil, t.ctx.Err()
			}
			t.in.Close()
			ran, err := t.p.Wait()
			switch {
			case t.ctx.Err() != nil:
				return nil, t.ctx.Err()
			case err != nil:
				return nil, err
			}
			return nil, &Death{ran}
		}
	}
}

// frame reads one line as a JSON list.
func (t *talk) frame() ([]any, error) {
	line, err := t.next()
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var f []any
	if err := d.Decode(&f); err != nil || d.More() {
		return nil, &Nonsense{"not a line of JSON"}
	}
	return f, nil
}

// blame tells whether err is the program's doing, and not the sandbox's.
func blame(err error) bool {
	var d *Death
	var n *Nonsense
	return errors.As(err, &d) || errors.As(err, &n)
}

// literal writes text as a Python literal.
func literal(s string) string {
	return Value{Kind: Str, Text: strings.ToValidUTF8(s, "\ufffd")}.Python()
}
