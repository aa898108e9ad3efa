// Command compare measures Pawl beside its peers on this machine, in one run,
// and prints one JSON line per figure:
//
//	{"what": "train 0.1M", "ours": 9e4, "theirs": 7e4, "unit": "tokens/s", "ratio": 1.3, "isa": "avx2"}
//
// "theirs" and "ratio" are null where there is no peer. A ratio above 1 means
// that Pawl is faster. Usage:
//
//	go run ./bench/compare [flags] engine|llama|lora|scaling|loop|ledger|sandbox|judging
//
// engine sets the embedded engine beside PyTorch and the BLAS libraries under it
// (scripts/setup --bench installs them), each with one thread and with two,
// whichever is faster. The two sides take turns, so that a machine whose speed drifts
// treats them alike, and the medians are compared. Before anything is timed,
// both must compute the same from the same weights. llama sets decoding beside
// llama.cpp, on models exported as GGUF (scripts/setup installs it). lora sets a
// training step of adapters beside that of the whole model. sandbox
// sets programs in boxes beside the same interpreter without. judging sets the fast
// iteration for Bradley-Terry strengths beside Zermelo's, and measures votes, pairs
// and `pawl verify` over a million. scaling, loop and ledger have no peer; the goals
// are in docs/performance.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pawl/tensor"
)

// result is one line of output.
type result struct {
	What   string   `json:"what"`
	Ours   float64  `json:"ours"`
	Theirs *float64 `json:"theirs"`
	Unit   string   `json:"unit"`
	Ratio  *float64 `json:"ratio"` // above 1: Pawl is faster, or smaller
	ISA    string   `json:"isa"`
	// Which of several ways was the best of either side.
	OursBy   string `json:"ours_by,omitempty"`
	TheirsBy string `json:"theirs_by,omitempty"`
}

// figure is a result as it was measured.
type figure struct {
	what, unit       string
	less             bool // less is better: memory
	ours, theirs     float64
	oursBy, theirsBy string
}

// options are the flags.
type options struct {
	isa     string        // "native" or "avx2"
	turns   int           // alternations of the two sides
	slice   time.Duration // time of one turn of one side
	threads []int         // ascending
	only    string        // part of the names to measure
	python  string
	tools   string // folder with node_modules
}

// wants tells whether to measure something.
func (o *options) wants(what string) bool { return strings.Contains(what, o.only) }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var o options
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.StringVar(&o.isa, "isa", "native", "instruction set of both sides: native or avx2")
	f.IntVar(&o.turns, "turns", 15, "alternations of the two sides")
	f.DurationVar(&o.slice, "slice", 100*time.Millisecond, "time of one turn of one side")
	threads := f.String("threads", "1,2", "numbers of threads to measure with")
	f.StringVar(&o.only, "only", "", "measure only what contains this text, for example \"train\"")
	f.StringVar(&o.python, "python", "/usr/bin/python3", "Python with PyTorch")
	f.StringVar(&o.tools, "tools", ".tools", "folder with llama.cpp, as scripts/setup makes it")
	out := f.String("o", "", "also write the lines to this file, after one that describes the machine")
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: go run ./bench/compare [flags] engine|llama|lora|scaling|loop|ledger|sandbox|judging\n\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	if f.Arg(0) == "peak" && f.NArg() > 1 { // memory.go starts it
		return peakHere(f.Args()[1:])
	}
	if f.Arg(0) == "stream" && f.NArg() == 3 { // stream.go starts it
		return streamHere(f.Args()[1:])
	}
	benches := map[string]func(context.Context, *options, *reporter) error{
		"engine": engine, "llama": llamaSpeed, "lora": lora, "loop": loopSpeed, "ledger": ledgerSpeed, "sandbox": sandboxSpeed, "scaling": scaling, "judging": judgingSpeed,
	}
	bench := benches[f.Arg(0)]
	if f.NArg() != 1 || bench == nil {
		f.Usage()
		return fmt.Errorf("choosing a comparison: want one of engine, llama, lora, scaling, loop, ledger, sandbox, judging, have %q", f.Args())
	}
	if !slices.Contains([]string{"native", "avx2"}, o.isa) {
		return fmt.Errorf("choosing the instruction set: %q is neither native nor avx2", o.isa)
	}
	var err error
	if o.threads, err = parseThreads(*threads); err != nil {
		return err
	}
	if o.turns < 1 {
		return fmt.Errorf("choosing the number of turns: %d is below 1", o.turns)
	}
	if err := restrict(o.isa); err != nil {
		return err
	}
	rep := &reporter{lines: os.Stdout, notes: os.Stderr}
	if *out != "" {
		if err := os.MkdirAll(filepath.Dir(*out), 0o777); err != nil {
			return fmt.Errorf("keeping the results: %w", err)
		}
		file, err := os.Create(*out)
		if err != nil {
			return fmt.Errorf("keeping the results: %w", err)
		}
		defer file.Close()
		rep.file = file
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, &o, rep); err != nil {
		return fmt.Errorf("measuring the %s: %w", f.Arg(0), err)
	}
	return rep.err
}

// reporter prints results as they come: lines for machines, notes for people.
type reporter struct {
	lines, notes io.Writer
	file         io.Writer // may be nil
	err          error     // the first one
}

// machine records where the figures come from, in the file only, because
// standard output holds results alone.
func (r *reporter) machine(m map[string]any) {
	m["date"] = time.Now().UTC().Format(time.DateOnly)
	r.note("%v, %v", m["cpu"], m["isa"])
	if r.file != nil {
		r.write(r.file, map[string]any{"machine": m})
	}
}

func (r *reporter) note(format string, args ...any) {
	fmt.Fprintf(r.notes, format+"\n", args...)
}

// add reports a figure of which more is better; theirs 0 means no peer.
func (r *reporter) add(what, unit string, ours, theirs float64) {
	r.figure(figure{what: what, unit: unit, ours: ours, theirs: theirs})
}

func (r *reporter) figure(f figure) {
	l := result{What: f.what, Ours: round(f.ours), Unit: f.unit, ISA: tensor.ISA(), OursBy: f.oursBy, TheirsBy: f.theirsBy}
	if f.theirs > 0 {
		ratio := f.ours / f.theirs
		if f.less {
			ratio = f.theirs / f.ours
		}
		ratio, theirs := round(ratio), round(f.theirs)
		l.Theirs, l.Ratio = &theirs, &ratio
	}
	r.write(r.lines, l)
	if r.file != nil {
		r.write(r.file, l)
	}
}

func (r *reporter) write(w io.Writer, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = w.Write(append(b, '\n'))
	}
	if r.err == nil {
		r.err = err
	}
}

// median of the measured values, which it sorts.
func median(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}
