package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"pawl"
	"pawl/loop"
	"pawl/store"
)

// quiet is an end that has been told already.
type quiet struct{ status int }

func (q *quiet) Error() string { return fmt.Sprintf("exit status %d", q.status) }

// usagef is an error of the one who typed the command.
func usagef(format string, args ...any) error {
	return &pawl.InputError{Err: fmt.Errorf(format, args...)}
}

// inputError marks an error of reading what the user named, unless it is an
// interruption.
func inputError(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &pawl.InputError{Err: err}
}

// usage reports a mistake in the command line itself.
func (c *console) usage(err error) int {
	name, message := "pawl", err.Error()
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		if n := p.Context.Selected(); n != nil {
			name = n.FullPath()
			message = lacking(n, message)
		}
	}
	fmt.Fprintf(c.err, "error: %s\n", message)
	fmt.Fprintf(c.err, "hint: %s --help lists what there is\n", name)
	return exitUsage
}

// lacking says which argument of a command is missing, and what it is, where the
// parser says what it expected.
func lacking(n *kong.Node, message string) string {
	for _, a := range n.Positional {
		if message == fmt.Sprintf("expected %q", a.Summary()) {
			what, _, _ := strings.Cut(a.Help, ".")
			return fmt.Sprintf("%s: its argument %s is missing: %s", n.FullPath(), a.Summary(), what)
		}
	}
	return message
}

// fail prints an error and gives its status.
func (c *console) fail(err error) int {
	c.clear()
	var q *quiet
	if errors.As(err, &q) {
		return q.status
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err, "interrupted")
		return exitInterrupted
	}
	message, hint := split(err)
	fmt.Fprintf(c.err, "error: %s\n", message)
	if hint != "" {
		fmt.Fprintf(c.err, "hint: %s\n", hint)
	}
	return statusOf(err)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, loop.ErrBudget):
		return exitBudget
	case pawl.IsInput(err):
		return exitUsage
	}
	return exitFailed
}

// split parts an error into what went wrong and what to do: errors of this
// program state the latter last, after a semicolon.
func split(err error) (message, hint string) {
	message = err.Error()
	if strings.Contains(message, "\n") {
		return message, "" // several mistakes, each with its own advice
	}
	if errors.Is(err, store.ErrHeld) {
		return message, "reading works meanwhile: pawl runs list, pawl runs show"
	}
	if i := strings.LastIndex(message, "; "); i > 0 {
		return message[:i], message[i+2:]
	}
	return message, ""
}
