package verifier

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/internal/outside"
)

func init() {
	registry.Verifier("python", registry.Doc{
		Summary: "Asks a Python function of yours, with the signature of TRL's reward functions.",
		Detail: "The function is called with lists, one entry an attempt: prompts, completions, completion_ids (None where " +
			"tokens are not known), a column for every field of the references (answer, solution, ...) and id; also with a " +
			"trainer_state that stands still. It gets those of them that it has parameters for, all where it takes **kwargs, and " +
			"returns a list of numbers, with None for an abstention; it may be async. It runs in the sandbox, where Python has " +
			"its standard library alone and the file no neighbours; with `trusted: true` it runs under your own Python. " +
			"Processes are kept from one batch to the next. A batch for which it raises, hangs, ends or returns something " +
			"else is abstained on, with the reason; a file that cannot be loaded is an error.",
		Example: "python: {path: reward.py, function: accuracy}",
	}, newPython)
}

// PythonConfig configures python.
type PythonConfig struct {
	Path        string  `yaml:"path" required:"true" inline:"true" doc:"The file with the function; relative to the folder that the command runs in."`
	Function    string  `yaml:"function" doc:"Its name; may be left out where the file has only one."`
	Interpreter string  `yaml:"interpreter" default:"python3" doc:"Python of a trusted function."`
	Loading     float64 `yaml:"loading" default:"120" min:"0.01" max:"86400" doc:"Longest time, in seconds, to load the file and what it imports."`
	Confined
	Outside
}

// Files names the file, whose content enters keys.
func (c PythonConfig) Files() []string { return []string{c.Path} }

// Needs depends on whether it is trusted and told of references.
func (c PythonConfig) Needs() []string { return c.Confined.needs(c.Outside) }

// longestSource bounds the user's file, in bytes.
const longestSource = 4 << 20

//go:embed internal/outside/worker.py
var pythonWorker string

// pythonQuestion is the line that brings the user's file, or a batch.
type pythonQuestion struct {
	N int64 `json:"n"`

	Source   *string `json:"source,omitempty"`
	Path     string  `json:"path"`
	Function string  `json:"function"`
	Near     string  `json:"near"` // folder from which it may import

	Rows    int            `json:"rows"`
	Columns map[string]any `json:"columns,omitempty"`
}

// python asks a function in processes of its own.
type python struct {
	cfg    PythonConfig
	source string
	pool   *outside.Pool
	n      atomic.Int64 // of questions, so that an answer is known for its question's
}

// newPython loads the file in a first process, so that a mistake in it is told
// before anything is judged.
func newPython(ctx context.Context, h core.Host, c PythonConfig) (core.Verifier, error) {
	info, err := os.Stat(c.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the verifier: %w", err)
	case !info.Mode().IsRegular() || info.Size() > longestSource:
		return nil, fmt.Errorf("reading the verifier: %s is no file of at most %d MiB", c.Path, longestSource>>20)
	}
	source, err := os.ReadFile(c.Path)
	if err != nil {
		return nil, fmt.Errorf("reading the verifier: %w", err)
	}
	box, err := c.box(h, c.Interpreter)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", c.Path, err)
	}
	p := &python{cfg: c, source: strings.ToValidUTF8(string(source), "\uFFFD")}
	program := core.Program{Language: core.LanguagePython, Source: pythonWorker, Limits: c.kept()}
	p.pool = outside.NewPool(runtime.GOMAXPROCS(0), func(ctx context.Context) (core.Process, error) { return box.Start(ctx, program) }, p.load)
	if err := p.pool.Use(ctx, func(*outside.Worker) error { return nil }); err != nil {
		return nil, fmt.Errorf("loading %s: %w", c.Path, err)
	}
	o := newOwn("python", h, c.Outside)
	o.score, o.close = p.score, p.pool.Close
	return o, nil
}

// load brings the user's file to a fresh process.
func (p *python) load(ctx context.Context, w *outside.Worker) error {
	q := pythonQuestion{Source: &p.source, Path: p.cfg.Path, Function: p.cfg.Function}
	if p.cfg.Trusted {
		near, err := filepath.Abs(filepath.Dir(p.cfg.Path))
		if err != nil {
			return err
		}
		q.Near = near
	}
	limits := p.cfg.limits()
	limits.Wall = time.Duration(p.cfg.Loading * float64(time.Second))
	_, err := p.ask(ctx, w, q, limits)
	return err
}

func (p *python) score(ctx context.Context, rows []outside.Row) ([]outside.Score, error) {
	prompts, completions, tokens, ids := make([]any, len(rows)), make([]any, len(rows)), make([]any, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		prompts[i], completions[i], ids[i] = r.Prompt, r.Completion, r.ID
		if r.TokenIDs != nil {
			tokens[i] = r.TokenIDs
		}
	}
	q := pythonQuestion{Rows: len(rows), Columns: columns(rows)}
	for name, column := range map[string]any{"id": ids, "prompts": prompts, "completions": completions, "completion_ids": tokens} {
		q.Columns[name] = column
	}
	var scores []outside.Score
	err := p.pool.Use(ctx, func(w *outside.Worker) error {
		rewards, err := p.ask(ctx, w, q, p.cfg.limits())
		if err == nil {
			scores, err = outside.ParseList(rewards, len(rows))
		}
		return err
	})
	return scores, err
}

// ask puts a question and reads its answer. An exception of the function's is
// an error, after which the process is not used again: nobody knows in what
// state it left things.
func (p *python) ask(ctx context.Context, w *outside.Worker, q pythonQuestion, l outside.Limits) ([]json.RawMessage, error) {
	q.N = p.n.Add(1)
	line, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	answer, err := w.Ask(ctx, append(line, '\n'), 1, l)
	if err != nil {
		return nil, err
	}
	return parsePython(answer, q.N)
}

// parsePython reads the worker's answer to question n.
func parsePython(answer []byte, n int64) ([]json.RawMessage, error) {
	var a struct {
		N       int64             `json:"n"`
		Rewards []json.RawMessage `json:"rewards"`
		Error   string            `json:"error"`
	}
	switch err := json.Unmarshal(answer, &a); {
	case err != nil:
		return nil, fmt.Errorf("it answers %s, which is not the JSON that is due", outside.Brief(answer))
	case a.N != n:
		return nil, fmt.Errorf("it answers question %d in place of question %d: %s", a.N, n, outside.Brief(answer))
	case a.Error != "":
		return nil, fmt.Errorf("%s", outside.Cut(a.Error, 500))
	}
	return a.Rewards, nil
}
