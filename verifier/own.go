package verifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/internal/outside"
)

// Outside is embedded by verifiers that are the user's own and run outside of
// this program.
type Outside struct {
	Format    string  `yaml:"format" enum:"auto|text|messages" default:"auto" doc:"How prompts and completions are given: as text, or as lists of role and content; auto gives text where the prompt is one message of the user's."`
	Reference bool    `yaml:"reference" default:"true" doc:"Whether it is told the task's reference: answer, solution and what else there is."`
	Batch     int     `yaml:"batch" default:"32" min:"1" max:"4096" doc:"Most attempts that it is asked about at once."`
	Seconds   float64 `yaml:"seconds" default:"30" min:"0.01" max:"86400" doc:"Longest time for one batch."`
	Output    int     `yaml:"output" default:"1024" min:"1" max:"65536" doc:"Longest answer to one batch, in KiB."`
	GiveUp    int     `yaml:"give_up" default:"3" min:"0" doc:"Failures in a row after which it is not asked any more; 0 asks to the end."`
}

// limits of one batch.
func (c Outside) limits() outside.Limits {
	return outside.Limits{Wall: time.Duration(c.Seconds * float64(time.Second)), Output: int64(c.Output) << 10}
}

// Confined is embedded by those that are programs.
type Confined struct {
	Trusted bool `yaml:"trusted" default:"false" doc:"Run it as a child process with your own rights, environment and files, not in the sandbox."`
	Memory  int  `yaml:"memory" default:"1024" min:"16" max:"1048576" doc:"Most memory of one process, in MiB; of a trusted one on Linux only."`
}

func (c Confined) needs(o Outside) []string {
	var needs []string
	if !c.Trusted {
		needs = append(needs, registry.NeedSandbox)
	}
	return append(needs, o.needs()...)
}

func (c Outside) needs() []string {
	if c.Reference {
		return []string{registry.NeedReference}
	}
	return nil
}

// box is what a program runs in.
func (c Confined) box(h core.Host, python string) (core.Sandbox, error) {
	if c.Trusted {
		return outside.Plain{Interpreter: python}, nil
	}
	box, err := h.Sandbox()
	if err != nil {
		return nil, fmt.Errorf("%w; if you vouch for it and for all that it does with attempts, say trusted: true", err)
	}
	return box, nil
}

// once are the limits of a process that judges one batch.
func (c Confined) once(o Outside) core.Limits {
	l := o.limits()
	return core.Limits{Wall: l.Wall, CPU: l.Wall, Memory: int64(c.Memory) << 20, Output: l.Output}
}

// kept are the limits of a process that is asked again and again; those of a
// batch are watched from here.
func (c Confined) kept() core.Limits {
	return core.Limits{Wall: outside.LifeSpan, CPU: outside.LifeSpan, Memory: int64(c.Memory) << 20, Output: outside.LifeSaid}
}

// own asks a verifier that is not part of this program. Its failures are no
// errors: the attempts of a batch that failed are abstained on, with the reason,
// and the first reason is told once. After so many failures in a row it is not
// asked any more, so that one that always hangs costs a few time limits and not
// one for each batch.
type own struct {
	by    string
	cfg   Outside
	score func(ctx context.Context, rows []outside.Row) ([]outside.Score, error)
	close func() error // may be nil
	note  func(string)

	mu     sync.Mutex
	streak int   // failures in a row
	last   error // of them
	told   bool  // that there was one
}

func newOwn(by string, h core.Host, c Outside) *own {
	return &own{by: by, cfg: c, note: func(s string) { h.Progress(core.Progress{Stage: "verify", Note: s}) }}
}

// target is one attempt to be judged.
type target struct {
	ep int
	at core.Ref
}

// Verify asks about the attempts of one episode.
func (o *own) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("judging by %s: %w", o.by, err)
	}
	var all []target
	for _, r := range at {
		all = append(all, target{0, r})
	}
	js, err := o.judge(ctx, []*core.Episode{ep}, all)
	if err != nil {
		return core.Judgement{}, err
	}
	return js[0], nil
}

// VerifyBatch asks about the attempts of many episodes, a batch at a time.
func (o *own) VerifyBatch(ctx context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	var all []target
	for i, ep := range eps {
		if ep == nil {
			return nil, fmt.Errorf("judging by %s: there is no episode", o.by)
		}
		for _, r := range ep.Leaves() {
			all = append(all, target{i, r})
		}
	}
	return o.judge(ctx, eps, all)
}

// BatchSize is how many attempts are asked about at once.
func (o *own) BatchSize() int { return o.cfg.Batch }

// Close ends what the verifier has running.
func (o *own) Close() error {
	if o.close == nil {
		return nil
	}
	return o.close()
}

// judge cuts the attempts into batches, in order, and asks about several at a
// time.
func (o *own) judge(ctx context.Context, eps []*core.Episode, all []target) ([]core.Judgement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	scores := make([]core.Score, len(all))
	var wg sync.WaitGroup
	lanes := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < len(all); from += o.cfg.Batch {
		to := min(from+o.cfg.Batch, len(all))
		lanes <- struct{}{}
		wg.Go(func() {
			defer func() { <-lanes }()
			copy(scores[from:to], o.ask(ctx, eps, all[from:to]))
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	js := make([]core.Judgement, len(eps))
	for i, t := range all {
		js[t.ep].Scores = append(js[t.ep].Scores, scores[i])
	}
	return js, nil
}

// ask judges one batch; what fails becomes abstentions.
func (o *own) ask(ctx context.Context, eps []*core.Episode, batch []target) []core.Score {
	answers, err := o.answers(ctx, eps, batch)
	if err != nil && ctx.Err() == nil {
		err = o.failure(err, len(batch))
	}
	scores := make([]core.Score, len(batch))
	for i, t := range batch {
		if err != nil {
			scores[i] = abstain(o.by, t.at, err.Error())
			scores[i].Unjudged = true
			continue
		}
		a := answers[i]
		scores[i] = core.Score{By: o.by, Nodes: []core.Ref{t.at}, Value: a.Value, Confidence: a.Confidence, Abstain: a.Abstain, Rationale: a.Rationale}
	}
	return scores
}

func (o *own) answers(ctx context.Context, eps []*core.Episode, batch []target) (answers []outside.Score, err error) {
	defer func() {
		if p := recover(); p != nil { // of ours; it must not end the program from a goroutine
			err = fmt.Errorf("reading its answer: panic: %v", p)
		}
	}()
	o.mu.Lock()
	over, last := o.cfg.GiveUp > 0 && o.streak >= o.cfg.GiveUp, o.last
	o.mu.Unlock()
	if over {
		return nil, &gaveUp{o.cfg.GiveUp, last}
	}
	rows := make([]outside.Row, len(batch))
	for i, t := range batch {
		rows[i] = o.row(eps[t.ep], t.at)
		rows[i].Row = i
	}
	if answers, err = o.score(ctx, rows); err == nil {
		o.mu.Lock()
		if o.cfg.GiveUp == 0 || o.streak < o.cfg.GiveUp {
			o.streak = 0
		}
		o.mu.Unlock()
	}
	return answers, err
}

// gaveUp is why a batch was not asked about.
type gaveUp struct {
	times int
	last  error
}

func (e *gaveUp) Error() string {
	return fmt.Sprintf("the verifier failed %d times in a row and is not asked any more: %v", e.times, e.last)
}

// failure counts a batch of n that was not judged, and tells of the first.
func (o *own) failure(err error, n int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.told {
		o.told = true
		o.note(fmt.Sprintf("warning: %s: %v; the %d attempts of that batch are not judged, further failures are only counted", o.by, err, n))
	}
	if over := (*gaveUp)(nil); errors.As(err, &over) {
		return err
	}
	o.last = err
	if o.streak++; o.streak == o.cfg.GiveUp {
		o.note(fmt.Sprintf("warning: %s: %v", o.by, &gaveUp{o.streak, err}))
	}
	return err
}

// row tells of attempt r.
func (o *own) row(ep *core.Episode, r core.Ref) outside.Row {
	row := outside.Row{ID: ep.Task.ID}
	if o.cfg.Reference {
		row.Reference = ep.Task.Reference
	}
	path := ep.PathNodes(r)
	prompt := min(len(ep.Task.Prompt), len(path))
	one := prompt == 1 && ep.Task.Prompt[0].Role == core.RoleUser
	if o.cfg.Format == "text" || o.cfg.Format == "auto" && one {
		row.Prompt, row.Completion = ep.Task.Text(), attempt(ep, r)
	} else {
		row.Prompt, row.Completion = messages(path[:prompt]), messages(path[prompt:])
	}
	if len(path) == prompt+1 {
		row.TokenIDs = path[prompt].TokenIDs
	}
	return row
}

func messages(nodes []core.Node) []outside.Message {
	all := make([]outside.Message, len(nodes))
	for i, n := range nodes {
		all[i] = outside.Message{Role: n.Role, Content: n.Content}
	}
	return all
}

// columns are the references of a batch by field, as reward functions take
// them: a list a field, null where a task has no such field.
func columns(rows []outside.Row) map[string]any {
	all := map[string]any{}
	for i, r := range rows {
		var fields map[string]json.RawMessage
		if len(r.Reference) == 0 || json.Unmarshal(r.Reference, &fields) != nil {
			continue
		}
		for name, value := range fields {
			if all[name] == nil {
				all[name] = make([]json.RawMessage, len(rows))
			}
			all[name].([]json.RawMessage)[i] = value
		}
	}
	return all
}
