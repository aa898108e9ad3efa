package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"pawl"
	"pawl/loop"
	"pawl/store"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotPromoted = 3
	exitBudget      = 4
	exitInterrupted = 130
)

// app is the grammar of the command line.
type app struct {
	Dir        string           `help:"Data directory." default:".pawl" env:"PAWL_DIR" placeholder:"DIR"`
	RecipesDir string           `name:"recipes" help:"Directory of recipes that hide those in the binary (default: ./recipes)." placeholder:"DIR"`
	Version    kong.VersionFlag `help:"Print the version."`

	Run runCmd `cmd:"" help:"Run a loop or continue it; with no recipe, the quickstart."`
}

const about = `Improves a language-model system in a closed loop; nothing is promoted until it is proven better.

Exit status: 0 done, 1 failed, 2 usage or bad input, 3 nothing promoted, 4 budget reached, 130 interrupted.`

// Main runs the command line of this process and returns its exit status.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	return Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// Run runs one command line and returns its exit status.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	c := &console{in: in, out: out, err: errs, tty: terminal(errs)}
	var a app
	status, exited := 0, false
	parser, err := grammar(&a, kong.Writers(out, errs), kong.Exit(func(n int) { status, exited = n, true }))
	if err != nil {
		return c.fail(fmt.Errorf("reading the grammar of the command line: %w", err))
	}
	parsed, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		return c.usage(parser, err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&a, c); err != nil {
		return c.fail(err)
	}
	return c.status
}

func grammar(a *app, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(a, append([]kong.Option{
		kong.Name("pawl"), kong.Description(about), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{"version": "pawl " + pawl.Version},
	}, options...)...)
}

// usage reports a mistake in the command line itself.
func (c *console) usage(parser *kong.Kong, err error) int {
	fmt.Fprintf(c.err, "error: %s\n", err)
	name := "pawl"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		if n := p.Context.Selected(); n != nil {
			name = n.FullPath()
		}
	}
	fmt.Fprintf(c.err, "hint: %s --help lists what there is\n", name)
	return exitUsage
}

// fail prints an error and gives its status.
func (c *console) fail(err error) int {
	c.clear()
	var q *quiet
	if errors.As(err, &q) {
		return q.status
	}
	message, hint := split(err)
	fmt.Fprintf(c.err, "error: %s\n", message)
	if hint != "" {
		fmt.Fprintf(c.err, "hint: %s\n", hint)
	}
	return statusOf(err)
}

// quiet is an end that has been told already.
type quiet struct{ status int }

func (q *quiet) Error() string { return fmt.Sprintf("exit status %d", q.status) }

func statusOf(err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
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
	switch {
	case strings.Contains(message, "\n"):
		return message, ""
	case errors.Is(err, store.ErrHeld):
		hint = "reading works meanwhile: pawl runs list, pawl runs show"
	}
	if i := strings.LastIndex(message, "; "); i > 0 {
		message, hint = message[:i], message[i+2:]
	}
	return message, hint
}
