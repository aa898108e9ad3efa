package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/internal/outside"
)

func init() {
	registry.Verifier("command", registry.Doc{
		Summary: "Asks a program of yours: rows in, scores out.",
		Detail: "Rows are JSON lines on standard input: row, id, prompt, completion, reference. It writes a line a row, in " +
			"their order, to standard output: a number, null for an abstention, or {\"value\", \"confidence\", \"abstain\", " +
			"\"rationale\"}; if it also writes the number of the row, that is checked. It is started for every batch, and must end with " +
			"status 0; with `keep: true` it is kept from one batch to the next, must answer each row as it comes, without " +
			"holding lines back, and must repeat the row's number. It runs in the sandbox, with `files` beside it; with " +
			"`trusted: true` it is a child process like any other, in the folder that the command runs in. A batch for which it " +
			"hangs, fails or writes something else is abstained on, with the reason.",
		Example: "command: {run: [python3, check.py], files: [check.py]}",
	}, newCommand)
}

// CommandConfig configures command.
type CommandConfig struct {
	Command []string `yaml:"run" required:"true" min:"1" doc:"The program and its arguments; no shell reads them."`
	Beside  []string `yaml:"files" doc:"Files that it needs: in the sandbox they lie beside it, by their last names. Their contents, as those of arguments that are files, enter keys."`
	Keep    bool     `yaml:"keep" default:"false" doc:"Keep the program from one batch to the next."`
	Confined
	Outside
}

// Files names what determines the program, as far as it is known.
func (c CommandConfig) Files() []string {
	files := append([]string{}, c.Beside...)
	for _, arg := range c.Command {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && info.Size() <= longestSource {
			files = append(files, arg)
		}
	}
	return files
}

// Needs depends on whether it is trusted and told of references.
func (c CommandConfig) Needs() []string { return c.Confined.needs(c.Outside) }

type command struct {
	cfg     CommandConfig
	box     core.Sandbox
	program core.Program
	pool    *outside.Pool // nil unless it is kept
	rows    atomic.Int64  // of a kept program, so that each has a number of its own
}

func newCommand(_ context.Context, h core.Host, c CommandConfig) (core.Verifier, error) {
	box, err := c.box(h, "")
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", c.Command[0], err)
	}
	// In the sandbox other programs are found than here; what runs with the user's
	// own rights is found now, or never.
	if c.Trusted {
		if _, err := exec.LookPath(c.Command[0]); err != nil {
			return nil, fmt.Errorf("running %s: there is no such program: %w; give its path, or install it", c.Command[0], err)
		}
	}
	v := &command{cfg: c, box: box, program: core.Program{Language: core.LanguageCommand, Args: c.Command, Limits: c.once(c.Outside)}}
	for _, path := range c.Beside {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading what lies beside %s: %w", c.Command[0], err)
		}
		if v.program.Files == nil {
			v.program.Files = map[string][]byte{}
		}
		v.program.Files[filepath.Base(path)] = content
	}
	o := newOwn("command", h, c.Outside)
	o.score = v.once
	if c.Keep {
		v.program.Limits = c.kept()
		v.pool = outside.NewPool(runtime.GOMAXPROCS(0), func(ctx context.Context) (core.Process, error) { return box.Start(ctx, v.program) }, nil)
		o.score, o.close = v.kept, v.pool.Close
	}
	return o, nil
}

// once starts the program for a batch.
func (v *command) once(ctx context.Context, rows []outside.Row) ([]outside.Score, error) {
	p := v.program
	var err error
	if p.Stdin, err = rowLines(rows); err != nil {
		return nil, err
	}
	ran, err := v.box.Run(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case ran.Exceeded == core.ExceededWall:
		return nil, fmt.Errorf("it took longer than %v and was ended", p.Limits.Wall)
	case ran.Exceeded == core.ExceededOutput:
		return nil, fmt.Errorf("it writes more than %d KiB, beginning with %s", v.cfg.Output, outside.Brief(ran.Stdout))
	case !ran.OK():
		return nil, outside.Ended(ran)
	case len(bytes.TrimSpace(ran.Stdout)) == 0:
		return nil, outside.Ended(ran)
	}
	return outside.ParseLines(ran.Stdout, 0, len(rows))
}

// kept asks a program that goes on.
func (v *command) kept(ctx context.Context, rows []outside.Row) ([]outside.Score, error) {
	first := int(v.rows.Add(int64(len(rows)))) - len(rows)
	for i := range rows {
		rows[i].Row = first + i
	}
	lines, err := rowLines(rows)
	if err != nil {
		return nil, err
	}
	var scores []outside.Score
	err = v.pool.Use(ctx, func(w *outside.Worker) error {
		answer, err := w.Ask(ctx, lines, len(rows), v.cfg.limits())
		if err != nil {
			return err
		}
		scores = scores[:0]
		for i, line := range bytes.Split(bytes.TrimSuffix(answer, []byte("\n")), []byte("\n")) {
			s, err := outside.ParseScore(line, first+i, true)
			if err != nil {
				return fmt.Errorf("line %d of its answer: %w", i+1, err)
			}
			scores = append(scores, s)
		}
		if len(scores) != len(rows) {
			return errors.New("it answers another number of rows than it was asked about")
		}
		return nil
	})
	return scores, err
}

// rowLines are rows as JSON lines.
func rowLines(rows []outside.Row) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			return nil, fmt.Errorf("writing row %d: %w", r.Row, err)
		}
	}
	return b.Bytes(), nil
}
