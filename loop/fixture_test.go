package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/recipe"
	"pawl/registry"
	_ "pawl/std"
)

var errKilled = errors.New("killed")

// ledger is a Ledger in maps that counts what is done, and that dies after a
// number of durable writes: from then on everything fails, as after a kill.
type ledger struct {
	mu       sync.Mutex
	blobs    map[core.Digest][]byte
	done     map[core.Key]core.Digest
	kept     map[core.Key][]byte
	kinds    map[core.Key]string
	begun    map[core.Key]int // attempts at a step
	finished map[core.Key]int
	filed    []Promotion // by calls of Promote
	known    map[string]bool
	kill     int // writes left to live; below 0 for ever
}

func newLedger() *ledger {
	return &ledger{
		blobs: map[core.Digest][]byte{}, done: map[core.Key]core.Digest{}, kept: map[core.Key][]byte{}, kinds: map[core.Key]string{},
		begun: map[core.Key]int{}, finished: map[core.Key]int{}, known: map[string]bool{}, kill: -1,
	}
}

// written is called before each durable write, under the lock.
func (l *ledger) written() error {
	if l.kill == 0 {
		return errKilled
	}
	if l.kill > 0 {
		l.kill--
	}
	return nil
}

func (l *ledger) Do(ctx context.Context, key core.Key, kind string, f func(context.Context) (core.Digest, error)) (core.Digest, error) {
	l.mu.Lock()
	d, ok := l.done[key]
	l.begun[key]++
	l.kinds[key] = kind
	dead := l.kill == 0
	l.mu.Unlock()
	if dead {
		return "", errKilled
	}
	if ok {
		return d, nil
	}
	d, err := f(ctx)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.written(); err != nil {
		return "", err
	}
	l.finished[key]++
	l.done[key] = d
	delete(l.kept, key)
	return d, nil
}

// Seconds are made up, but the same whenever the step is asked about.
func (l *ledger) Seconds(_ context.Context, key core.Key) (float64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.done[key]; !ok {
		return 0, nil
	}
	return map[string]float64{"sample": 1, "select": 10, "optimize": 100, "measure": 1000}[l.kinds[key]], nil
}

func (l *ledger) Put(_ context.Context, b []byte) (core.Digest, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.written(); err != nil {
		return "", err
	}
	d := core.Sum(b)
	l.blobs[d] = append([]byte(nil), b...)
	return d, nil
}

func (l *ledger) Get(_ context.Context, d core.Digest) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.blobs[d]
	if !ok {
		return nil, fmt.Errorf("no blob %q", d.Short())
	}
	return b, nil
}

func (l *ledger) Keep(_ context.Context, key core.Key, state []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.written(); err != nil {
		return err
	}
	l.kept[key] = append([]byte(nil), state...)
	return nil
}

func (l *ledger) Kept(_ context.Context, key core.Key) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[key], nil
}

// Promote files a decision once, as the store does.
func (l *ledger) Promote(_ context.Context, p Promotion) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := fmt.Sprint(p.Arm, p.Round, p.Candidate)
	if l.known[name] {
		return nil
	}
	if err := l.written(); err != nil {
		return err
	}
	l.known[name] = true
	l.filed = append(l.filed, p)
	return nil
}

// steps counts finished steps of a kind.
func (l *ledger) steps(kind string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for key := range l.done {
		if l.kinds[key] == kind {
			n++
		}
	}
	return n
}

// skills is a Models whose policies are one number: the chance to be right. Its
// actors are pure functions of policy and request. The right answer to "n" is
// 2n, and the wrong ones are three.
type skills struct {
	*ledger
	identity string
	fail     func(prompt string) error // nil for never

	mu    sync.Mutex
	calls map[string]int // by prompt
	acts  int
}

func newSkills(l *ledger) *skills {
	return &skills{ledger: l, identity: "skills/1", calls: map[string]int{}}
}

func (s *skills) policy(t testing.TB, skill float64) core.Policy {
	t.Helper()
	d, err := s.Put(context.Background(), []byte(strconv.FormatFloat(skill, 'g', -1, 64)))
	if err != nil {
		t.Fatal(err)
	}
	return core.Policy{core.PartWeights: d}
}

// skill reads a policy; one without a skill has none.
func skillOf(ctx context.Context, get func(context.Context, core.Digest) ([]byte, error), p core.Policy) (float64, error) {
	b, err := get(ctx, p[core.PartWeights])
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(b), 64)
}

func (s *skills) Identity() string { return s.identity }

func (s *skills) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	skill, err := skillOf(ctx, s.Get, p)
	return signed{p.Version(), &coretest.Scripted{Reply: func(r core.Request, i int) (string, error) {
		prompt := r.Path[len(r.Path)-1].Content
		s.mu.Lock()
		s.calls[prompt]++
		s.acts++
		s.mu.Unlock()
		if s.fail != nil {
			if err := s.fail(prompt); err != nil {
				return "", err
			}
		}
		h := core.NewHasher("luck").String(prompt)
		if r.Options.Temperature == nil || *r.Options.Temperature > 0 {
			h.Uint(r.Seed).Uint(uint64(i))
		}
		u := h.Seed()
		if float64(u)/(1<<64) < skill {
			return rightAnswer(prompt), nil
		}
		return fmt.Sprintf("#### wrong %d", u%3), nil
	}, Tokens: true}}, err
}

// signed writes its policy version on what it says.
type signed struct {
	version core.Digest
	core.Actor
}

func (a signed) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	nodes, err := a.Actor.Act(ctx, r)
	for i := range nodes {
		nodes[i].Policy = a.version
	}
	return nodes, err
}

func rightAnswer(prompt string) string {
	n, _ := strconv.Atoi(prompt)
	return fmt.Sprintf("#### %d", 2*n)
}

func (s *skills) Trainer(context.Context, core.Policy) (core.Trainer, error) {
	return nil, errors.New("skills have no trainer")
}

func (s *skills) NewModel(context.Context, core.ModelShape) (core.Policy, error) {
	return nil, errors.New("skills have no models")
}

func (s *skills) Encoder(context.Context, core.Policy) (core.Encoder, error) {
	return nil, errors.New("skills have no encoder")
}

// asked counts calls with prompts of a set.
func (s *skills) asked(set string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range numbers(set) {
		n += s.calls[t.Prompt[0].Content]
	}
	return n
}

// numbers is a task set; sets share no prompt.
func numbers(set string) coretest.TaskList {
	size, from := 40, map[string]int{"labelled": 1000, "train": 2000, "gate": 3000, "audit": 4000, "probe": 5000}[set]
	if set == "gate" || set == "audit" {
		size = 100
	}
	list := make(coretest.TaskList, size)
	for i := range list {
		prompt := strconv.Itoa(from + i)
		list[i] = coretest.Task(fmt.Sprintf("%s-%d", set, i), prompt, "")
		list[i].Reference = coretest.Reference(core.Reference{Answer: strings.TrimPrefix(rightAnswer(prompt), "#### "), Solution: rightAnswer(prompt)})
	}
	return list
}

func allSets() map[string]core.TaskSource {
	sets := map[string]core.TaskSource{}
	for _, name := range []string{"labelled", "train", "gate", "audit", "probe"} {
		sets[name] = numbers(name)
	}
	return sets
}

// hooks are components of one test, by name.
var hooks sync.Map

type hookConfig struct {
	Name  string `yaml:"name" doc:"Test's name."`
	Tasks string `yaml:"tasks" ref:"tasks" doc:"A set."`
	Ask   string `yaml:"ask" ref:"prompt" doc:"A prompt."`
}

type teachConfig struct {
	Gain float64 `yaml:"gain" default:"0.5" doc:"What right examples teach."`
	From string  `yaml:"from" enum:"incumbent|base" default:"incumbent" doc:"Where from."`
}

func hook[T any](kind core.Kind) {
	registry.Register(registry.Default, kind, "hook", registry.Doc{Summary: "A test's own."}, func(ctx context.Context, h core.Host, c hookConfig) (T, error) {
		f, ok := hooks.Load(c.Name)
		if !ok {
			var zero T
			return zero, fmt.Errorf("no hook %q", c.Name)
		}
		return f.(func(core.Host) T)(h), nil
	})
}

func init() {
	hook[core.Sampler](core.KindSampler)
	hook[core.Verifier](core.KindVerifier)
	hook[core.Selector](core.KindSelector)
	hook[core.Optimizer](core.KindOptimizer)
	hook[core.Gate](core.KindGate)
	hook[core.Metric](core.KindMetric)
	registry.Optimizer("teach", registry.Doc{Summary: "Raises a skill by the share of right examples."}, func(_ context.Context, h core.Host, c teachConfig) (core.Optimizer, error) {
		return optimizerFunc(func(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
			if c.From == "base" {
				p = h.Policies()["base"]
			}
			right, all := 0, 0
			for ex, err := range in {
				if err != nil {
					return nil, err
				}
				for _, leaf := range ex.Leaves {
					all++
					if ex.Episode.Node(leaf).Content == rightAnswer(ex.Episode.Node(1).Content) {
						right++
					}
				}
			}
			if all == 0 {
				return nil, errors.New("nothing to learn")
			}
			skill, err := skillOf(ctx, h.Get, p)
			if err != nil {
				return nil, err
			}
			skill = math.Min(1, skill+c.Gain*(float64(right)/float64(all)-0.5))
			d, err := h.Put(ctx, []byte(strconv.FormatFloat(skill, 'g', -1, 64)))
			return p.With(core.PartWeights, d), err
		}), nil
	})
}

// hooked registers a component for the length of a test.
func hooked[T any](t testing.TB, name string, build func(core.Host) T) {
	hooks.Store(name, build)
	t.Cleanup(func() { hooks.Delete(name) })
}

type (
	optimizerFunc func(context.Context, core.Policy, core.Examples) (core.Policy, error)
	selectorFunc  func(context.Context, core.Episodes) (core.Examples, error)
	gateFunc      func(context.Context, core.Trial) (core.Verdict, error)
	verifierFunc  func(context.Context, *core.Episode, []core.Ref) (core.Judgement, error)
	samplerFunc   func(context.Context, core.Call, core.Task) (*core.Episode, error)
	metricFunc    func(context.Context, core.Episodes) ([]core.Estimate, error)
)

func (f optimizerFunc) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	return f(ctx, p, in)
}

func (f selectorFunc) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	return f(ctx, in)
}

func (f gateFunc) Decide(ctx context.Context, t core.Trial) (core.Verdict, error) { return f(ctx, t) }

func (f verifierFunc) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	return f(ctx, ep, at)
}

func (f samplerFunc) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	return f(ctx, c, t)
}

func (f metricFunc) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	return f(ctx, in)
}

// page is the recipe of most tests: 20 of 40 tasks a round, five attempts each.
const page = `
policies: {solver: {from: base}}
seats:    {solver: {policy: solver, temperature: 1}}
tasks:
  labelled: {}
  train:    {take: 20}
  gate:     {}
  audit:    {}
sample:  {repeat: {n: 5}}
verify:  [majority_vote]
answer:  {by: majority_vote}
measure: {sample: greedy, verify: [exact]}
updates:
  - policy: solver
    select:   {filter: {by: majority_vote, at_least: 0.5}}
    optimize: {teach: {gain: 0.6}}
gate:    {paired: {alpha: 0.05}}
rounds:  3
metrics: [tokens]
controls:
  labelled: {solver: {select: {demonstrations: {tasks: labelled}}}}
  "null":   {solver: {select: first}}
`

func parsed(t testing.TB, text string, changes ...string) *recipe.Plan {
	t.Helper()
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the recipe has no %q to change", changes[i])
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	plan, problems := recipe.Parse(registry.Default, "page.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return plan
}

// newRun is a run of page on skills, from a policy that is right half the time.
func newRun(t testing.TB, l *ledger, changes ...string) (*Run, *skills) {
	t.Helper()
	s := newSkills(l)
	base := s.policy(t, 0.5)
	return &Run{
		ID: "test", Plan: parsed(t, page, changes...), Seed: 1, Ledger: l, Models: s, Registry: registry.Default,
		Sets: allSets(), Initial: map[string]core.Policy{"solver": base},
	}, s
}

func do(t testing.TB, r *Run) *Report {
	t.Helper()
	report, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}
