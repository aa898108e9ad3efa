package pawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	"pawl/task"
)

// VerifyOptions say what judges which completions. All but SkipBad, Fresh and
// Observe determine the result: the same options continue what was begun.
type VerifyOptions struct {
	Verifier    string            // a verifier's name, or name and settings in YAML: "exact: {extract: boxed}"
	Set         map[string]string // overrides of its settings by path, as extract=boxed
	Tasks       string            // a file of task rows or a task source, see LoadTasks
	Completions string            // a file of rows: id, completion and, where a task has several, sample
	SkipBad     int               // bad rows of each file to pass over
	Fresh       bool              // judge anew what was judged before
	Observe     func(loop.Event)  // signs of life, and what verifiers have to tell
}

// ScoreRow is one judged completion, as `pawl gate` and `pawl eval` read it.
type ScoreRow struct {
	ID     string     `json:"id"`
	Sample int        `json:"sample"`
	Scores []RowScore `json:"scores"`
}

// RowScore is core.Score for a row: every field is always there, but for the one
// that tells of a failure.
type RowScore struct {
	By         string  `json:"by"`
	Value      float64 `json:"value"`
	Confidence float64 `json:"confidence"` // 0 where it is not known
	Abstain    bool    `json:"abstain"`
	Unjudged   bool    `json:"unjudged,omitempty"` // abstains since the verifier failed; it is asked again
	Rationale  string  `json:"rationale"`
}

// Verification is a job made ready: verifier, tasks and completions have been
// read and checked, and nothing was kept.
type Verification struct {
	VerifyOptions
	Rows    int     // completions to judge
	Skipped []error // rows passed over

	spec  core.Spec
	tasks []core.Task
	at    map[string]int // of tasks, by id
	rows  []int          // completions of each task
	key   core.Key       // of all that determines the scores

	telling sync.Mutex
}

// tell gives a sign of life, one at a time.
func (v *Verification) tell(e loop.Event) {
	if v.Observe == nil {
		return
	}
	v.telling.Lock()
	defer v.telling.Unlock()
	v.Observe(e)
}

// verifyVersion enters the keys of verify's steps: raise it when what they
// hold changes its meaning.
const verifyVersion = 3

// PrepareVerify reads all that a verification is given. Completions are read
// once here and once more when they are judged, so that a mistake in the last
// row is told before any work is done on the first; neither time are they held
// in memory.
func PrepareVerify(ctx context.Context, o VerifyOptions) (*Verification, error) {
	v := &Verification{VerifyOptions: o}
	err := v.prepare(ctx)
	if err != nil {
		return nil, given(ctx, err)
	}
	return v, nil
}

func (v *Verification) prepare(ctx context.Context) (err error) {
	if v.spec, err = verifierNamed(v.Verifier, v.Set); err != nil {
		return err
	}
	if v.SkipBad < 0 {
		return fmt.Errorf("verifying: %d bad rows to pass over; it may not be negative", v.SkipBad)
	}
	set, err := LoadTasks(ctx, v.Tasks, task.Options{SkipBad: v.SkipBad})
	if err != nil {
		return err
	}
	v.Skipped = skippedRows(set)
	h := core.NewHasher("verify").Uint(verifyVersion).String(Version)
	h.Bytes(marshal(registry.Plain(v.spec))).String(string(registry.FilesDigest(v.spec)))
	tasks, texts := core.NewHasher("tasks"), digester()
	v.tasks, v.at, v.rows = set.List, make(map[string]int, len(set.List)), make([]int, len(set.List))
	for i, t := range set.List {
		v.at[t.ID] = i
		t.Origin = nil // a file that was moved is the same tasks
		tasks.Bytes(marshal(t))
	}
	skipped, err := v.each(ctx, func(c task.Completion) error {
		v.Rows++
		v.rows[v.at[c.ID]]++
		texts.add(c)
		return nil
	})
	for _, row := range skipped {
		v.Skipped = append(v.Skipped, row)
	}
	v.key = h.String(string(tasks.Key())).Bytes(texts.sum()).Key()
	return err
}

// each gives every completion, in order.
func (v *Verification) each(ctx context.Context, f func(task.Completion) error) ([]*task.RowError, error) {
	return task.EachCompletion(ctx, v.Completions, task.CompletionOptions{SkipBad: v.SkipBad, Known: v.known}, f)
}

// known tells why an id names no task.
func (v *Verification) known(id string) error {
	if _, ok := v.at[id]; ok {
		return nil
	}
	const enough = 10_000 // looking for a like name takes time with the number of tasks
	if len(v.tasks) <= enough {
		if near := registry.Nearest(id, slices.Sorted(maps.Keys(v.at))); near != "" {
			return fmt.Errorf("no task of %s has the id %.60q; did you mean %.60q?", v.Tasks, id, near)
		}
	}
	return fmt.Errorf("no task of %s has the id %.60q", v.Tasks, id)
}

// verifierNamed decodes a verifier as a command line names it.
func verifierNamed(text string, set map[string]string) (core.Spec, error) {
	v, problems := recipe.Read("verifier", []byte(text))
	if len(problems) > 0 {
		return core.Spec{}, problems
	}
	if len(set) > 0 {
		name := v.Text
		switch {
		case v.Form == registry.Text:
			v = registry.Object(registry.Member{Key: name})
		case v.Form == registry.Map && len(v.Fields) == 1:
			name = v.Fields[0].Key
		default:
			return core.Spec{}, fmt.Errorf("reading the verifier %q: there is no one name whose settings --set could change; write NAME, or NAME: {SETTING: VALUE}", text)
		}
		for _, path := range slices.Sorted(maps.Keys(set)) {
			var err error
			if v, err = recipe.Set(v, name+"."+path, set[path]); err != nil {
				return core.Spec{}, err
			}
		}
	}
	spec, found := registry.Default.Decode(core.KindVerifier, v, "verifier")
	if len(found) > 0 {
		return core.Spec{}, fmt.Errorf("reading the verifier: %w", registry.Problems(found))
	}
	return spec, nil
}

// Verify judges the completions of v and gives their rows to sink in the order
// of the file, each as soon as it is durable. What was judged before, by the
// same verifier on the same contents, is not judged again: rows are steps of
// the ledger, each from where the one before it ended. Rows that the verifier
// failed to judge are asked about again once all the others are through.
//
// The verifier asks no model: one that has to is an error. An error of the
// verifier, of the store or of sink ends it. What was judged by then is still
// made durable and stays so; sink is not called again once it has failed. The
// summary counts what is durable, beside an error too; it is nil where the work
// did not begin.
func (p *Pawl) Verify(ctx context.Context, v *Verification, sink func(ScoreRow) error) (*VerifySummary, error) {
	host := newVerifyHost(p, v)
	of := v.key
	if slices.Contains(registry.Default.Needs(v.spec), registry.NeedSandbox) {
		in := "none" // no verdict has this key: building the verifier tells why it cannot do without
		if box, err := host.Sandbox(); err == nil {
			in = box.Identity()
		}
		of = core.NewHasher("verify in").String(string(of)).String(in).Key()
	}
	lease, err := p.store.AcquireWork(ctx, verifyWork+of.Short(), leaseTTL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }() // else it ends with the process
	ctx, stop := keepLease(ctx, lease)
	defer stop()
	j := &verifyJournal{ctx: context.WithoutCancel(ctx), v: v, of: of, store: p.store, steps: exec.NewSteps(lease), sink: sink, tally: newTally()}
	if err := j.resume(ctx); err != nil {
		return nil, err
	}
	s := &VerifySummary{Verifier: v.spec.Label()}
	if j.next < v.Rows {
		err = p.judgeRest(ctx, v, host, j, s)
	}
	j.tally.fill(s)
	return s, err
}

// judgeRest judges what is not durable yet.
func (p *Pawl) judgeRest(ctx context.Context, v *Verification, host *verifyHost, j *verifyJournal, s *VerifySummary) (err error) {
	verifier, err := registry.Make[core.Verifier](ctx, registry.Default, host, v.spec)
	if err != nil {
		return given(ctx, err)
	}
	if c, ok := verifier.(io.Closer); ok {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	began := time.Now()
	err = (&verifying{v: v, verifier: verifier, journal: j}).run(ctx)
	s.Judged, s.Seconds = j.judged, time.Since(began).Seconds()
	return err
}
