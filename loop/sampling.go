package loop

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
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
	drawn  bool
}

func (r *Run) sampling(a *arm, round int, stage string, team map[string]core.Policy, sample core.Spec, verify []core.Spec, tasks []core.Task) *sampling {
	s := &sampling{run: r, arm: a, round: round, stage: stage, team: team, sample: sample, verify: verify, tasks: tasks}
	for from := 0; from < len(tasks); from += chunkTasks {
		h := r.hasher("sample").String(stageOfKey(stage)).Uint(uint64(round))
		h.String(teamVersion(team)).Bytes(r.Plan.SeatsCanonical()).Bytes(canonical(sample))
		for _, v := range verify {
			h.Bytes(canonical(v))
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

// episodes yields every episode in task order, drawing what is not durable.
func (s *sampling) episodes(ctx context.Context) core.Episodes {
	return func(yield func(*core.Episode, error) bool) {
		for ep, err := range s.iterate(ctx) {
			if !yield(ep, err) || err != nil {
				return
			}
		}
	}
}

func (s *sampling) iterate(ctx context.Context) iter.Seq2[*core.Episode, error] {
	return func(yield func(*core.Episode, error) bool) {
		for i := range s.keys {
			chunk, err := s.chunk(ctx, i)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, ep := range chunk {
				if !yield(ep, nil) {
					return
				}
			}
		}
		s.drawn = true
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
	sampler := built.(core.Sampler)
	calls := make([]core.Call, len(tasks))
	for i, t := range tasks {
		calls[i].Seed = s.run.seeder("draw").String(stageOfKey(s.stage)).Uint(uint64(s.round)).String(t.ID).Seed()
	}
	eps, err := s.play(ctx, sampler, calls, tasks)
	if err != nil {
		return nil, fmt.Errorf("sampling with %s: %w", s.sample.Label(), err)
	}
	if err := s.run.judge(ctx, h, s.verify, eps); err != nil {
		return nil, err
	}
	return eps, nil
}

// play uses one batch where the sampler can, else a bounded pool.
func (s *sampling) play(ctx context.Context, sampler core.Sampler, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	if b, ok := sampler.(core.BatchSampler); ok {
		return b.SampleBatch(ctx, calls, tasks)
	}
	return s.run.each(ctx, len(tasks), func(ctx context.Context, i int) (*core.Episode, error) {
		ep, err := sampler.Sample(ctx, calls[i], tasks[i])
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", tasks[i].ID, err)
		}
		return ep, nil
	})
}

// judge appends the judgements of the verifiers, in their order.
func (r *Run) judge(ctx context.Context, h *host, specs []core.Spec, eps []*core.Episode) error {
	for _, spec := range specs {
		built, err := h.Build(ctx, spec)
		if err != nil {
			return fmt.Errorf("building verifier %s: %w", spec.Label(), err)
		}
		verifier := built.(core.Verifier)
		_, err = r.each(ctx, len(eps), func(ctx context.Context, i int) (*core.Episode, error) {
			ep := eps[i]
			if ep.Err != "" {
				return ep, nil
			}
			j, err := verifier.Verify(ctx, ep, nil)
			if err != nil {
				return nil, fmt.Errorf("verifying task %s with %s: %w", ep.Task.ID, spec.Label(), err)
			}
			for k := range j.Scores {
				j.Scores[k].By = spec.Label()
			}
			ep.Nodes = append(ep.Nodes, j.Nodes...)
			ep.Scores = append(ep.Scores, j.Scores...)
			ep.Usage.Add(j.Usage)
			return ep, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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
