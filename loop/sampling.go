package loop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"pawl/core"
	"pawl/registry"
)

// chunkTasks is how many tasks one durable sampling step holds. A kill loses
// at most the chunks in flight: about a second's work of the quickstart.
const chunkTasks = 250

// sampling is a set of episodes that may not have been drawn yet: its key is
// known before any work is done, and iterating does the work once.
type sampling struct {
	run    *Run
	arm    *arm
	round  int
	stage  string
	team   map[string]core.Policy
	sample core.Spec
	verify []core.Spec
	tasks  []core.Task
	keys   []core.Key // one per chunk
	drawn  bool       // somebody has looked at the samples
	alive  bool       // some task was played without failing
}

func (r *Run) sampling(a *arm, round int, stage string, team map[string]core.Policy, sample core.Spec, verify []core.Spec, tasks []core.Task) *sampling {
	s := &sampling{run: r, arm: a, round: round, stage: stage, team: team, sample: sample, verify: verify, tasks: tasks}
	for from := 0; from < len(tasks); from += chunkTasks {
		h := r.hasher("sample").String(stageOfKey(stage)).Uint(uint64(round))
		h.String(teamVersion(team)).Bytes(r.Plan.SeatsCanonical())
		for _, seat := range r.Plan.Seats {
			r.addSandbox(h, seat.Env)
		}
		r.addSpec(h, sample)
		for _, v := range verify {
			r.addSpec(h, v)
		}
		for _, t := range tasks[from:min(from+chunkTasks, len(tasks))] {
			h.Bytes(marshal(t))
		}
		s.keys = append(s.keys, h.Key())
	}
	return s
}

// stageOfKey merges stage names that draw the same way.
func stageOfKey(stage string) string {
	if stage == "gate" || stage == "audit" {
		return "measure"
	}
	return stage
}

// shown is the stage's name for people.
func (s *sampling) shown() string {
	name, _, _ := strings.Cut(s.stage, " ")
	return name
}

// key identifies the whole set.
func (s *sampling) key() core.Key {
	h := core.NewHasher("episodes")
	for _, k := range s.keys {
		h.String(string(k))
	}
	return h.Key()
}

// seed starts the random stream of one task.
func (s *sampling) seed(t core.Task) uint64 {
	return s.run.seeder("draw").String(stageOfKey(s.stage)).Uint(uint64(s.round)).String(t.ID).Seed()
}

// seeds are those of all tasks, by id: they tell this draw's episodes from any
// other's.
func (s *sampling) seeds() map[string]uint64 {
	seeds := make(map[string]uint64, len(s.tasks))
	for _, t := range s.tasks {
		seeds[t.ID] = s.seed(t)
	}
	return seeds
}

// iterate yields every episode in task order, drawing what is not durable.
func (s *sampling) iterate(ctx context.Context) iter.Seq2[*core.Episode, error] {
	return func(yield func(*core.Episode, error) bool) {
		for i := range s.keys {
			chunk, err := s.chunk(ctx, i)
			if err != nil {
				yield(nil, err)
				return
			}
			s.drawn = true
			for _, ep := range chunk {
				s.alive = s.alive || ep.Err == ""
				if !yield(ep, nil) {
					return
				}
			}
		}
	}
}

// all draws everything.
func (s *sampling) all(ctx context.Context) ([]*core.Episode, error) {
	eps := make([]*core.Episode, 0, len(s.tasks))
	for ep, err := range s.iterate(ctx) {
		if err != nil {
			return nil, err
		}
		eps = append(eps, ep)
	}
	return eps, nil
}

// chunk draws or reloads one chunk.
func (s *sampling) chunk(ctx context.Context, i int) ([]*core.Episode, error) {
	from := i * chunkTasks
	tasks := s.tasks[from:min(from+chunkTasks, len(s.tasks))]
	var fresh []*core.Episode
	d, err := s.run.Ledger.Do(ctx, s.keys[i], "sample", func(ctx context.Context) (core.Digest, error) {
		eps, err := s.draw(ctx, tasks)
		if err != nil {
			return "", err
		}
		var segment []byte
		for _, ep := range eps {
			segment = core.AppendEpisode(segment, ep)
		}
		fresh = eps
		return s.run.Ledger.Put(ctx, segment)
	})
	if err != nil {
		return nil, err
	}
	if fresh != nil {
		s.run.emit(Event{Arm: s.arm.label(), Round: s.round, Stage: s.shown(),
			Progress: core.Progress{Stage: s.shown(), Done: from + len(tasks), Total: len(s.tasks)}})
		return fresh, nil
	}
	segment, err := s.run.Ledger.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	return core.DecodeEpisodes(segment)
}

// draw plays tasks and judges the attempts.
func (s *sampling) draw(ctx context.Context, tasks []core.Task) ([]*core.Episode, error) {
	h := &host{run: s.run, arm: s.arm, round: s.round, stage: s.stage, team: s.team}
	built, err := h.Build(ctx, s.sample)
	if err != nil {
		return nil, fmt.Errorf("building sampler %s: %w", s.sample.Label(), err)
	}
	calls := make([]core.Call, len(tasks))
	for i, t := range tasks {
		calls[i].Seed = s.seed(t)
	}
	eps, err := s.play(ctx, built.(core.Sampler), calls, tasks)
	if err != nil {
		return nil, fmt.Errorf("sampling with %s: %w", s.sample.Label(), err)
	}
	for i, ep := range eps {
		ep.Seed = calls[i].Seed
	}
	if err := s.run.judge(ctx, h, s.verify, eps); err != nil {
		return nil, err
	}
	return eps, nil
}

// play uses one batch where the sampler can and the models are here, else a bounded pool. A task that
// cannot be played becomes a failed episode; a batch that fails is played task
// by task, to find out which. An error ends the run only if it is the run's own
// (interrupted, budget reached, a panic) or if nothing can be played: where
// every task of a whole chunk fails, or every task so far.
func (s *sampling) play(ctx context.Context, sampler core.Sampler, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	if b, ok := sampler.(core.BatchSampler); ok && !s.run.Served {
		eps, err := b.SampleBatch(ctx, calls, tasks)
		if err == nil && len(eps) != len(tasks) {
			err = fmt.Errorf("a batch of %d tasks gave %d episodes", len(tasks), len(eps))
		}
		if err == nil || fatal(ctx, err) {
			return eps, err
		}
	}
	errs := make([]error, len(tasks))
	eps, err := s.run.each(ctx, len(tasks), func(ctx context.Context, i int) (*core.Episode, error) {
		ctx, used := tallied(ctx)
		ep, err := sampler.Sample(ctx, calls[i], tasks[i])
		if err == nil {
			used.over(&ep.Usage)
			return ep, nil
		}
		err = fmt.Errorf("task %s: %w", tasks[i].ID, err)
		if fatal(ctx, err) {
			return nil, err
		}
		errs[i] = err
		ep = core.NewEpisode(tasks[i], calls[i].Seed)
		ep.Err = err.Error()
		used.over(&ep.Usage)
		return ep, nil
	})
	if err != nil {
		return nil, err
	}
	if (len(tasks) == chunkTasks || !s.alive) && !slices.Contains(errs, nil) {
		return nil, errs[0]
	}
	return eps, nil
}

// fatal tells whether an error is the run's own rather than one task's.
func fatal(ctx context.Context, err error) bool {
	var panicked *panicError
	return ctx.Err() != nil || errors.Is(err, ErrBudget) || errors.As(err, &panicked)
}

// judge appends the judgements of the verifiers, in their order. A verifier's
// error ends the run: a task that cannot be judged would count as wrong.
func (r *Run) judge(ctx context.Context, h *host, specs []core.Spec, eps []*core.Episode) error {
	for _, spec := range specs { // one after the other: each may hold a process
		built, err := r.judges(ctx, h, []core.Spec{spec})
		if err != nil {
			return err
		}
		err = closeAfter(built[0].Verifier, r.judgeWith(ctx, built[0].Verifier, built[0].label, eps))
		if err != nil {
			return err
		}
	}
	return nil
}

// judgeWith appends the judgements of one verifier, of all episodes at once
// where it can.
func (r *Run) judgeWith(ctx context.Context, verifier core.Verifier, label string, eps []*core.Episode) error {
	add := func(ep *core.Episode, j core.Judgement) {
		for k := range j.Scores {
			j.Scores[k].By = label
		}
		ep.Nodes = append(ep.Nodes, j.Nodes...)
		ep.Scores = append(ep.Scores, j.Scores...)
		ep.Usage.Add(j.Usage)
	}
	if b, ok := verifier.(core.BatchVerifier); ok {
		played := slices.DeleteFunc(slices.Clone(eps), func(ep *core.Episode) bool { return ep.Err != "" })
		ctx, used := tallied(ctx)
		js, err := b.VerifyBatch(ctx, played)
		if err == nil && len(js) != len(played) {
			err = fmt.Errorf("%d judgements of %d episodes", len(js), len(played))
		}
		if err != nil {
			return fmt.Errorf("verifying with %s: %w", label, err)
		}
		if r.Served { // a model that others serve, whose cost only its calls tell
			used.together(js)
		}
		for i, ep := range played {
			add(ep, js[i])
		}
		return nil
	}
	_, err := r.each(ctx, len(eps), func(ctx context.Context, i int) (*core.Episode, error) {
		ep := eps[i]
		if ep.Err != "" {
			return ep, nil
		}
		ctx, used := tallied(ctx)
		j, err := verifier.Verify(ctx, ep, nil)
		used.over(&j.Usage)
		if err != nil {
			return nil, fmt.Errorf("verifying task %s with %s: %w", ep.Task.ID, label, err)
		}
		add(ep, j)
		return ep, nil
	})
	return err
}

// canonical is the deterministic form of a component's configuration.
func canonical(s core.Spec) []byte { return marshal(registry.Plain(s)) }

// marshal is JSON of plain data: map keys sorted, struct fields in order.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("loop: encoding %T: %v", v, err)) // configs and tasks are plain data
	}
	return b
}
