package recipe

import (
	"encoding/json"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

// Plan is a recipe, decoded, defaulted and linted. Lists are in the order of
// the page; what a run computes must not depend on that order except for
// Stages, Updates and Verify.
type Plan struct {
	Name  string // file name without .yaml
	Path  string // of the file, as given
	About About
	Seed  uint64

	Policies []Policy
	Seats    []Seat
	Tasks    []TaskSet
	Prompts  map[string]prompt.Template // the recipe's own words; see Prompt

	// Inference: attempt, judge, answer. Stages that name none use these.
	Sample core.Spec
	Verify []core.Spec
	Answer Answer

	Measure  Measure
	Stages   []Stage   // empty for studies that only measure
	Gate     core.Spec // paired where the recipe names none
	Rounds   int
	Parents  string // what a round starts from: "incumbent"
	Controls []Control
	Watch    *Watch
	Metrics  []core.Spec
	Budget   Budget
	Tests    []Test

	root     registry.Value
	registry *registry.Registry
}

// Policy is one policy of the recipe: From a name ("base", a policy before it, a folder), or made
// by Init. Exactly one of them is set.
type Policy struct {
	Name string
	From string
	Init core.Spec
	Pos  registry.Pos
}

// Seat is played by a policy, or by an environment where Env.Name is set.
type Seat struct {
	Name    string
	Policy  string
	Env     core.Spec
	Options core.Options
	Dialect string // of what it is asked; "" is what its model was made for
	Pos     registry.Pos
}

// TaskSet is a named set of tasks. Source.Name is "" where the tasks are
// supplied when the recipe is run.
type TaskSet struct {
	Name   string
	Source core.Spec
	Take   int // tasks drawn a round, new ones each time; 0 is all
	Pos    registry.Pos
}

// Measure is what gate and audit compare: each task is sampled and judged, and
// the last verifier's value counts. Answered tells on which node: on the one
// that Plan.Answer picks (an abstention counts 0), or, where false, on the
// attempts, whose mean counts.
type Measure struct {
	Sample   core.Spec
	Verify   []core.Spec
	Answered bool
}

// By is the label of the verifier whose value counts.
func (m Measure) By() string {
	if len(m.Verify) == 0 {
		return ""
	}
	return m.Verify[len(m.Verify)-1].Label()
}

// Stage is Steps passes of sample, verify, and every update.
type Stage struct {
	Steps   int
	Sample  core.Spec
	Verify  []core.Spec
	Updates []Update
}

// Update is one policy's lane: how it learns from judged attempts.
type Update struct {
	Policy   string
	Select   core.Spec
	Optimize core.Spec
}

// Control is an arm that runs beside the real one, from the same base. Stages
// are complete: what the recipe overrides is replaced in them already.
type Control struct {
	Name   string
	Stages []Stage
	Answer *Answer // nil: the recipe's
	Pos    registry.Pos
}

// Seat finds a seat by name.
func (p *Plan) Seat(name string) (Seat, bool) {
	return find(p.Seats, name, func(s Seat) string { return s.Name })
}

// Set finds a task set by name.
func (p *Plan) Set(name string) (TaskSet, bool) {
	return find(p.Tasks, name, func(s TaskSet) string { return s.Name })
}

// Policy finds a policy by name.
func (p *Plan) Policy(name string) (Policy, bool) {
	return find(p.Policies, name, func(s Policy) string { return s.Name })
}

// Control finds a control by name.
func (p *Plan) Control(name string) (Control, bool) {
	return find(p.Controls, name, func(s Control) string { return s.Name })
}

// Verifiers lists every verifier of the page, those of the measure and of
// controls included; one that is used twice is there twice.
func (p *Plan) Verifiers() []core.Spec {
	all := append(slices.Clone(p.Verify), p.Measure.Verify...)
	for _, s := range p.Stages {
		all = append(all, s.Verify...)
	}
	for _, c := range p.Controls {
		for _, s := range c.Stages {
			all = append(all, s.Verify...)
		}
	}
	return all
}

// StagesFor gives the stages of a control, or of the real arm for "".
func (p *Plan) StagesFor(control string) []Stage {
	if control == "" {
		return p.Stages
	}
	c, _ := p.Control(control)
	return c.Stages
}

func find[T any](list []T, name string, nameOf func(T) string) (T, bool) {
	for _, x := range list {
		if nameOf(x) == name {
			return x, true
		}
	}
	var zero T
	return zero, false
}

// Inference is the verifiers that can judge without a reference answer: what
// a recipe's inference half uses, Answer.By among them.
func (p *Plan) Inference() []core.Spec {
	var kept []core.Spec
	for _, v := range p.Verify {
		if !p.needsReference(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// MeasureNeedsReference tells whether gate and audit compare with reference
// answers.
func (p *Plan) MeasureNeedsReference() bool {
	for _, v := range p.Measure.Verify {
		if p.needsReference(v) {
			return true
		}
	}
	return false
}

// TrainNeedsReference tells whether the attempts that are learnt from are made
// or judged with reference answers. Selectors count no such need here: those
// that take worked solutions pass over tasks without one.
func (p *Plan) TrainNeedsReference() bool {
	for _, s := range p.Stages {
		for _, c := range append([]core.Spec{s.Sample}, s.Verify...) {
			if p.needsReference(c) {
				return true
			}
		}
	}
	return false
}

func (p *Plan) needsReference(v core.Spec) bool { return needsReference(p.registry, v) }

// Missing lists the task sets that must come with the run: those declared
// without a source, in order, and train and gate where a recipe that learns
// declares none.
func (p *Plan) Missing() []string {
	var names []string
	for _, s := range p.Tasks {
		if s.Source.Name == "" {
			names = append(names, s.Name)
		}
	}
	for _, name := range []string{"train", "gate"} {
		if _, ok := p.Set(name); !ok && len(p.Stages) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// Canonical is all of the plan that determines the result of a run, in one
// form: the page may be reordered, commented and reformatted without changing
// it. About, tests, budget and the place of the file do not enter. The content
// of files that components read does not either; whoever names a run by this
// adds it.
func (p *Plan) Canonical() []byte {
	doc := map[string]any{
		"version": 1, "seed": p.Seed, "rounds": p.Rounds, "parents": p.Parents,
		"sample": registry.Plain(p.Sample), "verify": plainSpecs(p.Verify),
		"answer":  p.Answer.plain(),
		"measure": map[string]any{"sample": registry.Plain(p.Measure.Sample), "verify": plainSpecs(p.Measure.Verify), "answered": p.Measure.Answered},
		"gate":    registry.Plain(p.Gate), "metrics": plainSpecs(p.Metrics), "stages": plainStages(p.Stages),
	}
	if p.Answer.Else != "" { // older names of runs stay what they are
		doc["else"] = p.Answer.Else
	}
	policies, tasks, controls := map[string]any{}, map[string]any{}, map[string]any{}
	for _, x := range p.Policies {
		policies[x.Name] = map[string]any{"from": x.From, "init": registry.Plain(x.Init)}
	}
	for _, x := range p.Tasks {
		tasks[x.Name] = map[string]any{"source": registry.Plain(x.Source), "take": x.Take}
	}
	for _, x := range p.Controls {
		controls[x.Name] = plainStages(x.Stages)
		if x.Answer != nil {
			controls[x.Name] = map[string]any{"stages": plainStages(x.Stages), "answer": x.Answer.plain()}
		}
	}
	doc["policies"], doc["seats"], doc["tasks"], doc["controls"] = policies, json.RawMessage(p.SeatsCanonical()), tasks, controls
	if len(p.Prompts) > 0 {
		words := map[string]any{}
		for name, t := range p.Prompts {
			words[name] = map[string]string{prompt.Chat: t.Text(prompt.Chat), prompt.Compact: t.Text(prompt.Compact)}
		}
		doc["prompts"] = words
	}
	if p.Watch != nil {
		doc["watch"] = registry.Plain(*p.Watch)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic("recipe: " + err.Error()) // plain values encode
	}
	return b
}

func (a Answer) plain() any {
	return map[string]any{"by": a.By, "abstain_below": a.AbstainBelow.plain()}
}

// AnswerOf is the rule by which an arm answers: that of the control of this name, or
// the recipe's.
func (p *Plan) AnswerOf(arm string) Answer {
	if c, ok := p.Control(arm); ok && c.Answer != nil {
		return *c.Answer
	}
	return p.Answer
}

// plain is a number where it is one, as it was before there were risks.
func (a Abstain) plain() any {
	if a.Risk == 0 {
		return a.Value
	}
	return map[string]any{"risk": a.Risk, "confidence": a.Confidence, "file": a.File}
}

// SeatsCanonical is the part of Canonical that says who sits where and how:
// what sampling depends on beside its own component and the policies.
func (p *Plan) SeatsCanonical() []byte {
	seats := map[string]any{}
	for _, x := range p.Seats {
		seat := map[string]any{"policy": x.Policy, "env": registry.Plain(x.Env), "options": x.Options}
		if x.Dialect != "" {
			seat["dialect"] = x.Dialect
		}
		seats[x.Name] = seat
	}
	b, err := json.Marshal(seats)
	if err != nil {
		panic("recipe: " + err.Error()) // plain values encode
	}
	return b
}

func plainSpecs(specs []core.Spec) []any {
	list := []any{}
	for _, s := range specs {
		list = append(list, registry.Plain(s))
	}
	return list
}

func plainStages(stages []Stage) []any {
	list := []any{}
	for _, s := range stages {
		updates := []any{}
		for _, u := range s.Updates {
			updates = append(updates, map[string]any{"policy": u.Policy, "select": registry.Plain(u.Select), "optimize": registry.Plain(u.Optimize)})
		}
		list = append(list, map[string]any{"steps": s.Steps, "sample": registry.Plain(s.Sample), "verify": plainSpecs(s.Verify), "updates": updates})
	}
	return list
}
