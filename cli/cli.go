package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"pawl"
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

	Run        runCmd        `cmd:"" help:"Run a loop or continue it; with no recipe, the quickstart."`
	Solve      solveCmd      `cmd:"" help:"Answer a question, or every task of a file."`
	Serve      serveCmd      `cmd:"" help:"Serve models and recipes as OpenAI and Anthropic do."`
	Keys       keysCmds      `cmd:"" help:"Add, list and revoke keys for pawl serve."`
	Eval       evalCmds      `cmd:"" help:"Measure a policy on tasks, or summarise result files: every figure with its interval."`
	Verify     verifyCmd     `cmd:"" help:"Score recorded completions with a verifier, without any model."`
	Gate       gateCmd       `cmd:"" help:"Paired test of two result files: promote the candidate or not."`
	Recipes    recipesCmd    `cmd:"" help:"List, show and check recipes."`
	Components componentsCmd `cmd:"" help:"List every component with its options."`
	Schema     schemaCmd     `cmd:"" help:"Print the JSON Schema of recipes."`
	Test       testCmd       `cmd:"" help:"Run the tests that recipes carry."`
	Runs       runsCmd       `cmd:"" help:"List, show, resume, roll back, compare and tidy up runs."`
	Export     exportCmd     `cmd:"" help:"Write a policy as a Hugging Face folder or GGUF file, a task set, or training rows."`
	Doctor     doctorCmd     `cmd:"" help:"Tell what works on this machine, and how to get what does not."`
	Bench      benchCmd      `cmd:"" help:"Measure the speed of this machine; takes some seconds."`
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
	printed := &printer{w: out}
	out = printed
	c := &console{in: in, out: out, err: errs, tty: terminal(errs)}
	var a app
	status, exited := 0, false
	parser, err := grammar(&a, kong.Writers(out, errs), kong.Exit(func(n int) { status, exited = n, true }))
	if err != nil {
		return c.fail(fmt.Errorf("reading the grammar of the command line: %w", err))
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		return c.usage(err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(&a, c)
	if err == nil && printed.err != nil {
		err = fmt.Errorf("printing: %w", printed.err)
	}
	if err != nil {
		return c.fail(err)
	}
	return c.status
}

func grammar(a *app, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(a, append([]kong.Option{
		kong.Name("pawl"), kong.Description(about), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ValueFormatter(func(v *kong.Value) string { return described(v, "") }),
		kong.Vars{"version": "pawl " + pawl.Version},
	}, options...)...)
}
