package recipe

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

// Pick chooses the answer of a judged episode: the attempt that By values
// most, the earlier of equals, or Else where By abstains on them all. It is none
// where there is no such attempt, or where the best value is below AbstainBelow. A
// risk whose value has not been found (see Above) answers nothing: a bare guess
// keeps no promise. Without By the first attempt answers.
func (a Answer) Pick(ep *core.Episode) core.Ref {
	if a.By == "" {
		attempts := ep.Leaves()
		if len(attempts) == 0 {
			return 0
		}
		return attempts[0]
	}
	best, s, ok := ep.Best(a.By)
	if !ok && a.Else != "" {
		best, s, ok = ep.Best(a.Else)
	}
	if !ok || a.AbstainBelow.Risk > 0 || s.Value < a.AbstainBelow.Value {
		return 0
	}
	return best
}

// Above is a with the smallest value that is answered, found for its risk.
func (a Answer) Above(value float64) Answer {
	a.AbstainBelow = Abstain{Value: value}
	return a
}

// Play runs a test of the recipe with scripted seats and says what came of it;
// Test says what is played. Nothing outside the process is touched.
func (p *Plan) Play(ctx context.Context, t Test) (Outcome, error) {
	q, err := p.ForTest(t)
	if err != nil {
		return Outcome{}, err
	}
	sample, verify := q.Sample, q.Verify
	var update *Update
	if stages := q.StagesFor(t.Control); t.Stage < len(stages) {
		s := stages[t.Stage]
		sample, verify = s.Sample, s.Verify
		if t.Update < len(s.Updates) {
			update = &s.Updates[t.Update]
		}
	}
	task, sets := t.Tasks()
	sets["train"] = []core.Task{task}
	h := &stageHost{Modelless: core.Modelless{Why: "a recipe's own test has no model and runs no code"}, plan: q, sets: sets, seats: map[string]*script{}}
	for _, s := range t.Seats {
		h.seats[s.Key] = &script{seat: s.Key, replies: s.Value}
	}
	ep, err := h.sample(ctx, sample, task)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.judge(ctx, verify, ep); err != nil {
		return Outcome{}, err
	}
	ep.Answer = q.Answer.Pick(ep)
	o := Outcome{Episode: ep}
	if update != nil {
		if o.Examples, err = h.choose(ctx, update.Select, ep); err != nil {
			return Outcome{}, err
		}
	}
	for _, s := range h.seats {
		o.Calls += s.asked
		o.Unused += max(0, len(s.replies)-s.asked)
	}
	return o, nil
}

// script plays a seat from a list, in the order of asking.
type script struct {
	mu      sync.Mutex
	seat    string
	replies []string
	asked   int
}

func (s *script) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) == 0 {
		return nil, fmt.Errorf("playing seat %s: the test gives it no replies", s.seat)
	}
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		text := s.replies[s.asked%len(s.replies)]
		s.asked++
		nodes[i] = core.Node{Actor: s.seat, Role: core.RoleAssistant, Content: text, Finish: "stop", Policy: core.Sum([]byte("scripted"))}
	}
	return nodes, ctx.Err()
}

// stageHost is the core.Host of a test: scripted seats and listed tasks.
type stageHost struct {
	core.Modelless
	plan  *Plan
	sets  map[string][]core.Task
	seats map[string]*script
	kept  []byte
}

func (h *stageHost) sample(ctx context.Context, spec core.Spec, t core.Task) (*core.Episode, error) {
	s, err := registry.Make[core.Sampler](ctx, h.plan.registry, h, spec)
	if err != nil {
		return nil, err
	}
	ep, err := s.Sample(ctx, core.Call{Seed: 1}, t)
	if err != nil {
		return nil, fmt.Errorf("sampling with %s: %w", spec.Label(), err)
	}
	return ep, nil
}

func (h *stageHost) judge(ctx context.Context, specs []core.Spec, ep *core.Episode) error {
	for _, spec := range specs {
		v, err := registry.Make[core.Verifier](ctx, h.plan.registry, h, spec)
		if err != nil {
			return err
		}
		j, err := v.Verify(ctx, ep, nil)
		if err != nil {
			return fmt.Errorf("verifying with %s: %w", spec.Label(), err)
		}
		for i := range j.Scores {
			j.Scores[i].By = spec.Label()
		}
		ep.Nodes = append(ep.Nodes, j.Nodes...)
		ep.Scores = append(ep.Scores, j.Scores...)
	}
	return nil
}

func (h *stageHost) choose(ctx context.Context, spec core.Spec, ep *core.Episode) ([]*core.Example, error) {
	s, err := registry.Make[core.Selector](ctx, h.plan.registry, h, spec)
	if err != nil {
		return nil, err
	}
	selected, err := s.Select(ctx, func(yield func(*core.Episode, error) bool) { yield(ep, nil) })
	if err != nil {
		return nil, fmt.Errorf("selecting with %s: %w", spec.Label(), err)
	}
	var examples []*core.Example
	for x, err := range selected {
		if err != nil {
			return nil, fmt.Errorf("selecting with %s: %w", spec.Label(), err)
		}
		examples = append(examples, x)
	}
	return examples, nil
}

func (h *stageHost) Actor(seat string) (core.Actor, error) {
	if s, ok := h.seats[seat]; ok {
		return s, nil
	}
	s, ok := h.plan.Seat(seat)
	if !ok {
		return nil, fmt.Errorf("seating an actor: the recipe has no seat %q", seat)
	}
	if s.Env.Name != "" {
		return registry.Make[core.Environment](context.Background(), h.plan.registry, h, s.Env)
	}
	return &script{seat: seat}, nil
}

func (h *stageHost) Build(ctx context.Context, s core.Spec) (any, error) {
	return h.plan.registry.Build(ctx, h, s)
}

func (h *stageHost) Tasks(_ context.Context, set string) (core.TaskSource, error) {
	return list(h.sets[set]), nil
}

func (h *stageHost) Policies() map[string]core.Policy {
	all := map[string]core.Policy{"base": {}}
	for _, p := range h.plan.Policies {
		all[p.Name] = core.Policy{}
	}
	return all
}

func (h *stageHost) Wording(name, seat string) (core.Wording, error) {
	s, _ := h.plan.Seat(seat)
	dialect := cmp.Or(s.Dialect, prompt.Chat)
	if name == "" {
		return core.Wording{Dialect: dialect}, nil
	}
	return h.plan.Wording(name, dialect)
}

func (h *stageHost) Put(_ context.Context, content []byte) (core.Digest, error) {
	return core.Sum(content), nil
}

func (h *stageHost) Get(_ context.Context, d core.Digest) ([]byte, error) {
	return nil, fmt.Errorf("reading blob %s: %s", d.Short(), h.Why)
}

func (h *stageHost) Keep(_ context.Context, state []byte) error { h.kept = state; return nil }
func (h *stageHost) Kept(context.Context) ([]byte, error)       { return h.kept, nil }
func (h *stageHost) Seed() uint64                               { return h.plan.Seed }
func (h *stageHost) Now() time.Time                             { return time.Unix(0, 0).UTC() }
func (h *stageHost) Progress(core.Progress)                     {}

// list is a task source in memory.
type list []core.Task

func (l list) Len() int { return len(l) }

func (l list) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := first; i < len(l); i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			if !yield(l[i], nil) {
				return
			}
		}
	}
}
