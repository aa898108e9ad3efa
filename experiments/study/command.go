package study

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"pawl"
)

// Flags are those that the commands share.
type Flags struct {
	Seeds []uint64
	Out   string
	Set   map[string]string

	dir   string
	table bool
	doc   string
}

// Result is what an experiment finds.
type Result interface{ Markdown() string }

// Command is an experiment as a program.
type Command struct {
	Name  string
	Out   string                // result file unless -o names another
	Flags func(f *flag.FlagSet) // adds its own flags; may be nil
	Run   func(ctx context.Context, p *pawl.Pawl, f *Flags, say func(string)) (Result, error)
}

// Main runs the command and returns the exit status: 2 for wrong arguments, 1
// for a failure, 130 when it was interrupted.
func (c Command) Main(args []string, stdout, stderr io.Writer) int {
	f, err := c.parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if f.table {
		err = RenderFile(f.doc, "experiments")
	} else {
		err = c.run(ctx, f, stdout, stderr)
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "interrupted; the same command with -dir", f.dir, "goes on")
		return 130
	}
	fmt.Fprintln(stderr, "error:", err)
	if pawl.IsInput(err) {
		return 2
	}
	return 1
}

func (c Command) parse(args []string, stderr io.Writer) (*Flags, error) {
	f := &Flags{Set: map[string]string{}}
	set := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	set.SetOutput(stderr)
	seeds := set.String("seeds", "1,2,3", "seeds to run")
	set.StringVar(&f.Out, "o", c.Out, "file to write the result to")
	set.StringVar(&f.dir, "dir", "", "data directory, to be able to go on after a stop (default: a temporary one)")
	set.BoolVar(&f.table, "table", false, "run nothing; write the tables of the document anew from the results")
	set.StringVar(&f.doc, "doc", "docs/experiments.md", "document for -table")
	set.Func("set", "override a value of the recipe, as rounds=2; may be repeated", func(s string) error {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("write PATH=VALUE")
		}
		f.Set[path] = value
		return nil
	})
	if c.Flags != nil {
		c.Flags(set)
	}
	err := set.Parse(args)
	if err == nil && set.NArg() > 0 {
		err = fmt.Errorf("%q is no flag; see -help", set.Arg(0))
	}
	if err == nil {
		f.Seeds, err = ParseSeeds(*seeds)
	}
	return f, err
}

// run works in a directory that stays only if it was named, or if the work is
// not done.
func (c Command) run(ctx context.Context, f *Flags, stdout, stderr io.Writer) error {
	temporary := f.dir == ""
	if temporary {
		dir, err := os.MkdirTemp("", "pawl-"+c.Name+"-")
		if err != nil {
			return err
		}
		f.dir = dir
	}
	p, err := pawl.Open(pawl.Options{Dir: f.dir})
	if err != nil {
		return err
	}
	result, err := c.Run(ctx, p, f, func(line string) { fmt.Fprintln(stderr, line) })
	if err := errors.Join(err, p.Close()); err != nil {
		return fmt.Errorf("%w (what is done is kept in %s)", err, f.dir)
	}
	if err := Save(f.Out, result); err != nil {
		return err
	}
	if temporary {
		err = os.RemoveAll(f.dir)
	}
	fmt.Fprint(stdout, result.Markdown())
	return err
}
