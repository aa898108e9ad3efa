package lesson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/world"
)

// Name is that of the task source, and of the oracle of its tasks.
const Name = "lessons"

func init() {
	registry.Tasks(Name, registry.Doc{
		Summary: "Lessons in playing any role in any world: solve, verify, locate, revise, compare, grade, aggregate, plan, propose, abstain; and, where it is named, recover: find a hidden number of the task from its answer.",
		Detail: "Each lesson draws a world, a level, a role and a task, and asks in the compact dialect what the role's template asks. " +
			"Right and wrong attempts come from the world's generators, never from a model. " +
			"`worlds` gives each world its level; two lessons in five are of that level, half of easier ones, the rest of the next. " +
			"Longer lessons than `longest` bytes are left out.",
		Example: "lessons: {split: labelled, n: 600000, worlds: {maze: 3, copy: 4}, roles: {solve: 5, verify: 3}}",
	}, newLessons)
	world.RegisterOracle(Name, newJudge)
}

// Config configures lessons.
type Config struct {
	Split   string                    `yaml:"split" enum:"labelled|train|search|gate|audit" default:"labelled" doc:"Share of each world that tasks are drawn from."`
	N       int                       `yaml:"n" default:"100000" min:"1" max:"100000000" doc:"Number of lessons."`
	Seed    uint64                    `yaml:"seed" default:"1" doc:"What is drawn."`
	Worlds  map[string]int            `yaml:"worlds" doc:"Level of each world, 1 to 5; none for all worlds at 3."`
	Sizes   map[string]map[string]int `yaml:"sizes,omitzero" doc:"Settings of worlds at their own level that differ from what it makes of them, by name, as {keysum: {turns: 12}}."`
	Shares  map[string]float64        `yaml:"shares" doc:"Share of a world, relative to the others, where it is not 1."`
	Roles   map[string]float64        `yaml:"roles" doc:"Share of each role, relative to the others; none for equal ones."`
	Only    bool                      `yaml:"only" default:"false" doc:"Take tasks of a world's own level only, to measure there."`
	Longest int                       `yaml:"longest" default:"320" min:"16" doc:"Bytes of the longest lesson, prompt and reply together."`
}

// Lessons is the task source of Config.
type Lessons struct {
	cfg    Config
	worlds pool[subject]
	roles  pool[string]
	asks   map[string]prompt.Template
}

// subject is a world at the levels that lessons need.
type subject struct {
	name   string
	rules  world.Rules
	level  int
	levels map[int]world.World
}

func newLessons(_ context.Context, _ core.Host, c Config) (core.TaskSource, error) { return New(c) }

// New checks c and makes its lessons.
func New(c Config) (*Lessons, error) {
	l := &Lessons{cfg: c, asks: map[string]prompt.Template{}}
	if len(c.Worlds) == 0 {
		c.Worlds = map[string]int{}
		for _, name := range world.Names() {
			c.Worlds[name] = 3
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Worlds)) {
		s, err := l.subject(name, c.Worlds[name])
		if err != nil {
			return nil, fmt.Errorf("making lessons: %w", err)
		}
		share, given := c.Shares[name]
		if !given {
			share = 1
		}
		if err := l.worlds.add(s, share); err != nil {
			return nil, fmt.Errorf("making lessons: world %s: %w", name, err)
		}
	}
	for setting, names := range map[string][]string{"shares": slices.Sorted(maps.Keys(c.Shares)), "sizes": slices.Sorted(maps.Keys(c.Sizes))} {
		for _, name := range names {
			if _, ok := c.Worlds[name]; !ok {
				return nil, fmt.Errorf("making lessons: %s: there are no lessons in a world named %q", setting, name)
			}
		}
	}
	if len(c.Roles) == 0 {
		c.Roles = map[string]float64{}
		for _, r := range Roles {
			c.Roles[r] = 1
		}
	}
	for _, role := range slices.Sorted(maps.Keys(c.Roles)) {
		if drafts[role] == nil {
			return nil, fmt.Errorf("making lessons: no role named %q; there are %s", role, strings.Join(slices.Concat(Roles, Further), ", "))
		}
		if err := l.roles.add(role, c.Roles[role]); err != nil {
			return nil, fmt.Errorf("making lessons: role %s: %w", role, err)
		}
		t, err := prompt.Get(role)
		if err != nil {
			return nil, fmt.Errorf("making lessons: %w", err)
		}
		l.asks[role] = t
	}
	if l.roles.empty() || l.worlds.empty() {
		return nil, errors.New("making lessons: all roles, or all worlds, have a share of 0")
	}
	return l, nil
}

func (l *Lessons) subject(name string, level int) (subject, error) {
	if level < 1 || level > 5 {
		return subject{}, fmt.Errorf("world %s: level %d is not between 1 and 5", name, level)
	}
	s := subject{name: name, level: level, levels: map[int]world.World{}}
	s.rules, _ = world.RulesOf(name)
	for at := 1; at <= min(level+2, 5); at++ {
		if l.cfg.Only && at != level {
			continue
		}
		o := world.Options{Split: l.cfg.Split, Dialect: world.Compact, Level: at, Seed: l.cfg.Seed}
		if at == level {
			o.Sizes = l.cfg.Sizes[name]
		}
		w, err := world.Open(name, o)
		if err != nil {
			return s, err
		}
		s.levels[at] = w
	}
	return s, nil
}

// Len is the number of lessons.
func (l *Lessons) Len() int { return l.cfg.N }

// Tasks yields the lessons from index first on.
func (l *Lessons) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := max(first, 0); i < l.cfg.N; i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			t, err := l.Task(i)
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// tries bounds the draws for one lesson: some worlds know no plan, and some
// lessons are too long.
const tries = 1000

// Task is lesson i, a pure function of it.
func (l *Lessons) Task(i int) (core.Task, error) {
	r := world.Random("lesson", l.cfg.Seed, uint64(i))
	role := l.roles.pick(r.Float64())
	for range tries {
		t, err := l.draw(i, role, r)
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, errUnfit) {
			return core.Task{}, fmt.Errorf("making lesson %d in %s: %w", i, role, err)
		}
	}
	return core.Task{}, fmt.Errorf("making lesson %d in %s: none of %d draws is one of at most %d bytes in a world that knows the role; raise longest, or take the role out", i, role, tries, l.cfg.Longest)
}

// draw makes a lesson of a role, or tells that this draw cannot be one.
func (l *Lessons) draw(i int, role string, r *rand.Rand) (core.Task, error) {
	s := l.worlds.pick(r.Float64())
	level := s.pick(role, l.cfg.Only, r)
	w := s.levels[level]
	p := &pupil{name: s.name, rules: s.rules, task: w.Task(r.IntN(w.Len())), level: level, easy: level <= s.level, r: r}
	if s.rules.Judge != nil {
		judge, err := s.rules.Judge(p.task.Reference)
		if err != nil {
			return core.Task{}, err
		}
		p.judge = judge
	}
	d, err := drafts[role](p)
	if err != nil {
		return core.Task{}, err
	}
	path, err := l.asks[role].Render(prompt.Compact, d.data)
	if bad := (*prompt.UnfitError)(nil); errors.As(err, &bad) {
		return core.Task{}, errUnfit
	} else if err != nil {
		return core.Task{}, fmt.Errorf("wording task %s: %w", p.task.ID, err)
	}
	path = append(path, d.turns...)
	size := len(d.reply)
	for _, n := range path {
		size += len(n.Content) + 1
	}
	if size > l.cfg.Longest || d.reply == "" {
		return core.Task{}, errUnfit
	}
	ref := reference{
		Reference: core.Reference{Answer: d.reply, Solution: d.reply, World: Name},
		Role:      role, Of: s.name, Inner: p.task.Reference, Before: d.before,
	}
	if role == "locate" && s.rules.Steps != nil {
		ref.Steps = p.steps(d.data.Attempt)
	}
	raw, err := json.Marshal(ref)
	if err != nil {
		return core.Task{}, err
	}
	return core.Task{
		ID: fmt.Sprintf("lesson/%s/%d/%d", l.cfg.Split, l.cfg.Seed, i), Prompt: path, Reference: raw,
		Origin: []string{"world:" + s.name, "role:" + role, "task:" + p.task.ID, fmt.Sprintf("level:%d", level)},
	}, nil
}

// pick draws a level: the world's own, two times in five; an easier one, any of
// those that there are, every other time, for what is learnt there helps beyond;
// and else the next harder one. Abstaining is learnt beyond the own level as
// often as not.
func (s *subject) pick(role string, only bool, r *rand.Rand) int {
	if only {
		return s.level
	}
	level := s.level
	switch x := r.IntN(10); {
	case x < 5:
		level = 1 + r.IntN(max(1, s.level-1))
	case x < 6:
		level++
	}
	if role == "attempt_or_abstain" && r.IntN(2) == 0 {
		level = s.level + 1 + r.IntN(2)
	}
	return min(level, 5)
}

// Fits tells whether there are lessons: some worlds know no plan, and games
// have nothing to aggregate.
func (l *Lessons) Fits() bool {
	_, err := l.Task(0)
	return err == nil
}
