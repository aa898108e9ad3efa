package recipe

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"pawl/core"
	"pawl/registry"
)

// Parse reads, decodes and lints a recipe. It returns a plan, or all that is
// wrong, in the order of the page.
func Parse(r *registry.Registry, path string, src []byte) (*Plan, registry.Problems) {
	root, problems := Read(path, src)
	if len(problems) > 0 {
		return nil, problems
	}
	return decode(r, path, root)
}

// decode makes a plan of a parsed page.
func decode(r *registry.Registry, path string, root registry.Value) (*Plan, registry.Problems) {
	b := &builder{
		Decoder: r.Decoder(path), registry: r, root: root,
		plan: &Plan{Name: nameOf(path), Path: path, root: root, registry: r},
	}
	if root.Form != registry.Map {
		root.Line, root.Col = max(1, root.Line), max(1, root.Col)
		b.Add(root, "", "a recipe is a map of keys such as sample, verify and updates", "")
		return nil, b.Problems.Sort()
	}
	b.Into(&b.doc, root.Without("controls"), "")
	b.names()
	b.prompts()
	b.inference()
	b.stages()
	b.controls()
	b.lint()
	if len(b.Problems) > 0 {
		return nil, b.Problems.Sort()
	}
	return b.plan, nil
}

func nameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }

type builder struct {
	*registry.Decoder
	registry *registry.Registry
	root     registry.Value
	doc      document
	plan     *Plan
	prompted []string // prompts that components name
}

// at is the value of a top-level key, or the page itself where it is absent.
func (b *builder) at(key string) registry.Value {
	if v, ok := b.root.Get(key); ok {
		return v
	}
	return b.root
}

func (b *builder) has(key string) bool {
	v, ok := b.root.Get(key)
	return ok && v.Form != registry.Null
}

// names fills policies, seats and task sets. Without policies there is one,
// solver, from base; without seats each policy has a seat of its name.
func (b *builder) names() {
	p := b.plan
	p.About, p.Seed, p.Answer, p.Gate, p.Rounds, p.Parents = b.doc.About, b.doc.Seed, b.doc.Answer, b.doc.Gate, b.doc.Rounds, b.doc.Parents
	p.Watch, p.Metrics, p.Budget, p.Tests = b.doc.Watch, b.doc.Metrics, b.doc.Budget, b.doc.Tests
	for i, e := range b.doc.Policies {
		b.nameable(e.Key, e.Pos, "policy", "base")
		from := e.Value.From
		if from != "" && e.Value.Init.Name != "" {
			b.AddAt(e.Pos, e.Key, fmt.Sprintf("the policy comes from %q and is made by %s", from, e.Value.Init.Name), "name one of them")
		}
		if from != "" && from != "base" && slices.Contains(b.doc.Policies.Keys()[i:], from) {
			b.AddAt(e.Pos, e.Key, fmt.Sprintf("the policy comes from %q, which is not above it", from), "a policy starts from base, a folder, or a policy that stands before it")
		}
		if from == "" && e.Value.Init.Name == "" {
			from = "base"
		}
		p.Policies = append(p.Policies, Policy{Name: e.Key, From: from, Init: e.Value.Init, Pos: e.Pos})
	}
	if p.Policies == nil {
		p.Policies = []Policy{{Name: "solver", From: "base"}}
	}
	for _, e := range b.doc.Seats {
		b.seat(e)
	}
	if p.Seats == nil {
		for _, x := range p.Policies {
			p.Seats = append(p.Seats, Seat{Name: x.Name, Policy: x.Name, Pos: x.Pos})
		}
	}
	for _, e := range b.doc.Tasks {
		b.nameable(e.Key, e.Pos, "task set")
		p.Tasks = append(p.Tasks, TaskSet{Name: e.Key, Source: e.Value.Source, Take: e.Value.Take, Pos: e.Pos})
	}
}

// nameable reports names that other parts of Pawl could not use.
func (b *builder) nameable(name string, pos registry.Pos, what string, taken ...string) {
	if !registry.ValidName(name) {
		b.AddAt(pos, name, fmt.Sprintf("%q cannot name a %s", name, what), "use lower-case letters, digits, dashes and underscores")
	}
	for _, t := range taken {
		if name == t {
			b.AddAt(pos, name, fmt.Sprintf("the name %q has a meaning of its own here", name), "choose another")
		}
	}
}

// inference fills sample, verify and measure.
func (b *builder) inference() {
	p := b.plan
	p.Sample, p.Verify = b.doc.Sample, b.doc.Verify
	b.distinct(p.Verify, "verify")
	measures := b.doc.Measure != nil
	if !measures {
		// The defaults of measure are those of its document type.
		b.doc.Measure = &measureDoc{}
		b.Into(b.doc.Measure, registry.Value{Form: registry.Map, Line: b.root.Line, Col: b.root.Col}, "measure")
	}
	p.Measure = Measure{Sample: b.doc.Measure.Sample, Verify: b.doc.Measure.Verify}
	if b.doc.Measure.Answered && p.Answer.By == "" {
		at, _ := b.at("measure").Get("answered")
		b.Add(at, "measure.answered", "the recipe has no answer to measure", "name the verifier that picks it: answer: {by: majority_vote}")
	}
	if (!measures || b.doc.Measure.Answered) && p.Answer.By != "" {
		// What inference returns, against the reference.
		p.Measure.Answered = true
		p.Measure.Sample = p.Sample
		p.Measure.Verify = append(p.Inference(), b.doc.Measure.Verify...)
	}
	b.distinct(p.Measure.Verify, "measure.verify")
}

// distinct reports verifiers of one label.
func (b *builder) distinct(specs []core.Spec, path string) {
	seen := map[string]bool{}
	for i, s := range specs {
		if s.Name != "" && seen[s.Label()] {
			b.AddAt(whereOf(s, fmt.Sprintf("%s[%d]", path, i)), s.Label(), fmt.Sprintf("two verifiers are named %q", s.Label()), "rename one of them with as:")
		}
		seen[s.Label()] = true
	}
}

// whereOf reads back the position of a component.
func whereOf(s core.Spec, path string) registry.Pos {
	pos := registry.Pos{Path: path}
	parts := strings.Split(s.Where, ":")
	if n := len(parts); n >= 3 {
		fmt.Sscan(parts[n-2], &pos.Line)
		fmt.Sscan(parts[n-1], &pos.Col)
	}
	return pos
}

// stages normalises updates to one stage of one step.
func (b *builder) stages() {
	p := b.plan
	if len(b.doc.Updates) > 0 && len(b.doc.Stages) > 0 {
		b.Add(b.at("stages"), "stages", "the recipe has both updates and stages", "move the updates into a stage")
	}
	docs := b.doc.Stages
	if len(docs) == 0 && len(b.doc.Updates) > 0 {
		docs = []stageDoc{{Steps: 1, Updates: b.doc.Updates}}
	}
	for i, d := range docs {
		s := Stage{Steps: d.Steps, Sample: d.Sample, Verify: d.Verify}
		if s.Sample.Name == "" {
			s.Sample = p.Sample
		}
		if s.Verify == nil {
			s.Verify = p.Verify
		} else {
			b.distinct(s.Verify, fmt.Sprintf("stages[%d].verify", i))
		}
		for _, u := range d.Updates {
			s.Updates = append(s.Updates, Update(u))
		}
		p.Stages = append(p.Stages, s)
	}
	if len(p.Stages) > 0 && p.Gate.Name == "" && !b.has("gate") {
		p.Gate = b.Component(core.KindGate, registry.Value{Form: registry.Text, Text: "paired", Line: b.root.Line, Col: b.root.Col}, "gate")
	}
}

// stageValues gives the written stages, for controls to be merged with.
func (b *builder) stageValues() []registry.Value {
	var list []registry.Value
	if v, ok := b.root.Get("stages"); ok && v.Form == registry.List {
		list = v.Items
	} else if v, ok := b.root.Get("updates"); ok {
		list = []registry.Value{registry.Object(registry.Member{Key: "updates", Value: v})}
	}
	for i, s := range list {
		for _, key := range []string{"sample", "verify"} {
			if v, ok := b.root.Get(key); ok {
				if _, own := s.Get(key); !own {
					list[i] = s.With(key, v)
					s = list[i]
				}
			}
		}
	}
	return list
}
