package registry

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"pawl/core"
)

// Doc is what a component says of itself.
type Doc struct {
	Summary string   `json:"summary"`           // one sentence for users
	Detail  string   `json:"detail,omitempty"`  // what the sentence leaves out
	Paper   string   `json:"paper,omitempty"`   // title
	ID      string   `json:"id,omitempty"`      // of the catalogue: S118
	Example string   `json:"example,omitempty"` // YAML
	Needs   []string `json:"needs,omitempty"`   // see the Need constants
}

// What a component may need that not every model or task set has.
const (
	NeedLogprobs  = "logprobs"  // log-probs of the sampled tokens
	NeedEmbedded  = "embedded"  // the engine in the binary: interventions, training
	NeedSandbox   = "sandbox"   // runs untrusted code
	NeedOracle    = "oracle"    // a world that can judge any answer
	NeedReference = "reference" // reference answers, which inference does not have
)

// Kinds lists the kinds of components in the order of the data flow.
var kinds = []core.Kind{
	core.KindTasks, core.KindPolicy, core.KindEnv, core.KindSampler, core.KindVerifier, core.KindSelector,
	core.KindObjective, core.KindOptimizer, core.KindGate, core.KindMetric,
}

// Kinds lists the kinds of components in the order of the data flow.
func Kinds() []core.Kind { return slices.Clone(kinds) }

type builder func(ctx context.Context, h core.Host, config any) (any, error)

type entry struct {
	kind  core.Kind
	name  string
	doc   Doc
	shape *shape // of the config struct
	build builder
}

// Registry holds components by kind and name. The zero value is empty and
// ready. It is safe for concurrent use.
type Registry struct {
	mu      sync.RWMutex
	entries map[core.Kind]map[string]*entry
}

// Default is where the components of this repository register.
var Default = &Registry{}

// New returns an empty registry, for tests.
func New() *Registry { return &Registry{} }

// Register adds a component to r. C is its config struct, T what it builds.
// It panics on a name taken twice and on a config that no YAML can express:
// both are mistakes of the program, seen by its first run.
func Register[C, T any](r *Registry, kind core.Kind, name string, d Doc, build func(context.Context, core.Host, C) (T, error)) {
	if !slices.Contains(kinds, kind) || !ValidName(name) {
		panic(fmt.Sprintf("registry: %s %q: unknown kind or bad name", kind, name))
	}
	t := reflect.TypeFor[C]()
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("registry: %s %s: config %s is not a struct", kind, name, t))
	}
	s, err := shapeOf(t, 0)
	if err != nil {
		panic(fmt.Sprintf("registry: %s %s: %v", kind, name, err))
	}
	e := &entry{kind: kind, name: name, doc: d, shape: s}
	e.build = func(ctx context.Context, h core.Host, config any) (any, error) {
		c, ok := config.(C)
		if !ok {
			return nil, fmt.Errorf("config is a %T, not a %s", config, t)
		}
		return build(ctx, h, c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil {
		r.entries = map[core.Kind]map[string]*entry{}
	}
	if r.entries[kind] == nil {
		r.entries[kind] = map[string]*entry{}
	}
	if r.entries[kind][name] != nil {
		panic(fmt.Sprintf("registry: %s %s registered twice", kind, name))
	}
	r.entries[kind][name] = e
}

// Tasks registers a task source in Default.
func Tasks[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.TaskSource, error)) {
	Register(Default, core.KindTasks, name, d, build)
}

// Policy registers a way to obtain a first policy in Default.
func Policy[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Policy, error)) {
	Register(Default, core.KindPolicy, name, d, build)
}

// Env registers an actor that is not a model in Default.
func Env[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Environment, error)) {
	Register(Default, core.KindEnv, name, d, build)
}

// Sampler registers a sampler in Default.
func Sampler[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Sampler, error)) {
	Register(Default, core.KindSampler, name, d, build)
}

// Verifier registers a verifier in Default.
func Verifier[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Verifier, error)) {
	Register(Default, core.KindVerifier, name, d, build)
}

// Selector registers a selector in Default.
func Selector[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Selector, error)) {
	Register(Default, core.KindSelector, name, d, build)
}

// Objective registers an objective in Default.
func Objective[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Objective, error)) {
	Register(Default, core.KindObjective, name, d, build)
}

// Loss registers, in Default, an objective that needs more than the policy's
// log-probs.
func Loss[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Loss, error)) {
	Register(Default, core.KindObjective, name, d, build)
}

// ValueLoss registers, in Default, an objective of a reward head.
func ValueLoss[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.ValueLoss, error)) {
	Register(Default, core.KindObjective, name, d, build)
}

// Optimizer registers an optimizer in Default.
func Optimizer[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Optimizer, error)) {
	Register(Default, core.KindOptimizer, name, d, build)
}

// Gate registers a gate in Default.
func Gate[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Gate, error)) {
	Register(Default, core.KindGate, name, d, build)
}

// Metric registers a metric in Default.
func Metric[C any](name string, d Doc, build func(context.Context, core.Host, C) (core.Metric, error)) {
	Register(Default, core.KindMetric, name, d, build)
}

// Build calls the constructor of s. A nil Config means all defaults.
func (r *Registry) Build(ctx context.Context, h core.Host, s core.Spec) (any, error) {
	e := r.entry(s.Kind, s.Name)
	if e == nil {
		return nil, fmt.Errorf("building %s%s: no %s named %q%s", s.Kind, at(s), noun(s.Kind), s.Name, didYouMean(s.Name, r.names(s.Kind)))
	}
	if s.Config == nil {
		full, problems := r.Decode(s.Kind, Scalar(s.Name), s.Where)
		if len(problems) > 0 {
			return nil, fmt.Errorf("building %s %s%s: %w", s.Kind, s.Name, at(s), Problems(problems))
		}
		s.Config = full.Config
	}
	built, err := e.build(ctx, h, s.Config)
	if err != nil {
		return nil, fmt.Errorf("building %s %s%s: %w", s.Kind, s.Name, at(s), err)
	}
	return built, nil
}

// Make is Build with the result as a T: Make[core.Verifier](ctx, r, h, spec).
func Make[T any](ctx context.Context, r *Registry, h core.Host, s core.Spec) (T, error) {
	built, err := r.Build(ctx, h, s)
	if err != nil {
		var zero T
		return zero, err
	}
	made, ok := built.(T)
	if !ok {
		return made, fmt.Errorf("building %s %s%s: it is a %T, not a %s", s.Kind, s.Name, at(s), built, reflect.TypeFor[T]())
	}
	return made, nil
}

func at(s core.Spec) string {
	if s.Where == "" {
		return ""
	}
	return " at " + s.Where
}

// ValidName reports whether s may name a component or be an `as:` name:
// lower-case letters, digits, dashes and underscores, a letter first.
func ValidName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789_-", c)) {
			return false
		}
	}
	return s != ""
}

func (r *Registry) entry(kind core.Kind, name string) *entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.entries[kind][name]
}

func (r *Registry) names(kind core.Kind) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.entries[kind]))
}
