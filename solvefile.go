package pawl

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pawl/core"
	"pawl/loop"
)

// CompletionRow is how attempts are exchanged; see task.EachCompletion.
type CompletionRow struct {
	ID         string `json:"id"`
	Completion string `json:"completion"`
	Sample     int    `json:"sample"`
	Abstained  bool   `json:"abstained,omitempty"`
	Finish     string `json:"finish,omitempty"`
	// By names what determined the row: task, model, recipe, options and seed. Files
	// that are continued have it, so that they never hold two kinds of rows.
	By string `json:"by,omitempty"`
}

// Rows are a solution as completion rows: the recipe's answer, or all attempts of
// a model that was asked without one.
func (s *Solution) Rows(recipe string) []CompletionRow {
	attempts, finishes := []string{s.Completion}, []string{s.Finish}
	if recipe == "" && s.Attempts != nil {
		attempts, finishes = s.Attempts, s.Finishes
	}
	rows := make([]CompletionRow, len(attempts))
	for i, text := range attempts {
		rows[i] = CompletionRow{ID: s.ID, Completion: text, Sample: i, Abstained: s.Abstained, Finish: finishes[i]}
	}
	return rows
}

// SolveFileOptions say where solutions go and what may go wrong.
type SolveFileOptions struct {
	Out       string                   // file of completion rows, continued where it ends; "" for none
	Each      func(Solution) error     // gets the solutions of this call, in order; may be nil
	Failed    func(id string, _ error) // hears of tasks that could not be answered; may be nil
	MaxErrors *int                     // tasks that may fail before it ends; nil for all but hopeless
	Note      func(string)             // hears what was found in the file; may be nil
}

// SolveSummary is what became of a file of tasks.
type SolveSummary struct {
	Model     string     `json:"model"`
	Recipe    string     `json:"recipe,omitempty"`
	Caveat    string     `json:"caveat,omitempty"` // what a reader of figures must know of the model
	Out       string     `json:"out,omitempty"`
	Tasks     int        `json:"tasks"`
	Before    int        `json:"before"`    // that the file held already
	Answered  int        `json:"answered"`  // by this call
	Abstained int        `json:"abstained"` // of these
	Failed    int        `json:"failed"`
	Failure   string     `json:"failure,omitempty"` // why, of the first of them
	Usage     core.Usage `json:"usage"`             // of this call, failed tasks included
	Seconds   float64    `json:"seconds"`

	cause error // of Failure
}

// hopeless is how many tasks may fail while none is answered.
const hopeless = 20

// ErrTooManyFailed ends answering once more tasks failed than may.
var ErrTooManyFailed = errors.New("too many tasks could not be answered")

// SolveFile answers tasks and appends the answers to a file, where it goes on with
// the tasks that the file does not hold. Rows are in the file, whole and in order
// of the tasks, before anyone hears of them; the disk has them a moment later, and
// all of them when this returns. A task that cannot be answered leaves no row, so
// that the next call tries it again. The summary is right also beside an error.
func (p *Pawl) SolveFile(ctx context.Context, tasks []core.Task, o SolveOptions, f SolveFileOptions) (*SolveSummary, error) {
	s, err := p.solving(ctx, tasks, o)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	sum := &SolveSummary{Model: p.defaultModel(ctx, o.Model, o.Recipe).String(), Recipe: o.Recipe, Caveat: s.caveat, Out: f.Out, Tasks: len(tasks)}
	rest, out, err := s.open(tasks, f)
	if err != nil {
		return nil, input(err)
	}
	defer out.close()
	sum.Before = len(tasks) - len(rest)
	if observe := s.o.Observe; observe != nil {
		s.o.Observe = func(e loop.Event) { observe(ofAll(e, sum.Before, len(tasks), time.Since(began))) }
	}
	err = s.each(ctx, rest, func(ep *core.Episode, err error) error {
		sum.Usage.Add(ep.Usage)
		if err != nil {
			return sum.fail(ep.Task.ID, err, f)
		}
		solved := solution(s.plan, ep)
		sum.Answered++
		if solved.Abstained {
			sum.Abstained++
		}
		if err := out.add(solved.Rows(o.Recipe), s.by(ep.Task)); err != nil || f.Each == nil {
			return err
		}
		return f.Each(solved)
	})
	if err == nil && sum.Failed > 0 && sum.Answered+sum.Before == 0 {
		err = sum.none()
	}
	sum.Seconds = time.Since(began).Seconds()
	return sum, errors.Join(err, out.close())
}

// fail counts a task that could not be answered.
func (s *SolveSummary) fail(id string, err error, f SolveFileOptions) error {
	if s.Failed++; s.Failed == 1 {
		s.Failure = err.Error()
		s.cause = err
	}
	if f.Failed != nil {
		f.Failed(id, err)
	}
	switch {
	case f.MaxErrors != nil && s.Failed > *f.MaxErrors:
		return fmt.Errorf("%w: %d, and --max-errors allows %d; the first: %w", ErrTooManyFailed, s.Failed, *f.MaxErrors, s.cause)
	case f.MaxErrors == nil && s.Answered+s.Before == 0 && s.Failed == hopeless:
		return s.none()
	}
	return nil
}

// none is the error of answering where nothing could be answered.
func (s *SolveSummary) none() error {
	return fmt.Errorf("answering tasks: none could be, of %d tried; the first: %w", s.Failed, s.cause)
}
