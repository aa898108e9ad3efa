package recipe

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

// Task sets that have a role of their own and may be supplied with the run.
var standardSets = []string{"train", "gate", "audit", "labelled"}

// lint checks what no single key can know: that names exist, and that the
// parts fit together. References of controls are resolved already.
func (b *builder) lint() {
	p := b.plan
	b.resolve(0, b.verifiersAt)
	b.lintAnswer(b.plan.Answer, b.at("answer"), "answer")
	b.lintSets()
	b.lintPrompts()
	b.lintTests()
	if len(p.Stages) == 0 && len(p.Metrics) == 0 && p.Sample.Name == "" {
		b.Add(b.root, "", "the recipe does nothing", "name a sampler under sample, and what learns from it under updates")
	}
	if p.Sample.Name == "" && !b.has("sample") && (len(p.Verify) > 0 || slices.ContainsFunc(p.Stages, func(s Stage) bool { return s.Sample.Name == "" })) {
		b.Add(b.root, "sample", `the key "sample" is missing`, "name a sampler: {repeat: {n: 16}}")
	}
}

func labelsOf(specs []core.Spec) []string {
	var labels []string
	for _, s := range specs {
		if s.Name != "" {
			labels = append(labels, s.Label())
		}
	}
	return labels
}

// verifiersAt lists the verifiers whose scores exist where path is evaluated.
func (b *builder) verifiersAt(path string) []string {
	p := b.plan
	var i int
	if _, err := fmt.Sscanf(path, "stages[%d]", &i); err == nil && i < len(p.Stages) {
		return labelsOf(p.Stages[i].Verify)
	}
	switch root, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), "."); root {
	case "measure":
		return labelsOf(p.Measure.Verify)
	case "gate", "metrics", "watch":
		return append(labelsOf(p.Verify), labelsOf(p.Measure.Verify)...)
	}
	return labelsOf(p.Verify)
}

// resolve checks the references recorded since mark and forgets them;
// verifiers gives the names in scope at a path.
func (b *builder) resolve(mark int, verifiers func(path string) []string) {
	refs := slices.Clone(b.References[mark:])
	b.References = b.References[:mark]
	for _, r := range refs {
		if slices.Contains(r.Allow, r.Name) {
			continue
		}
		var known []string
		what := r.To
		switch r.To {
		case "verifier":
			known = verifiers(r.Pos.Path)
		case "seat":
			for _, s := range b.plan.Seats {
				known = append(known, s.Name)
			}
		case "prompt":
			b.prompted = append(b.prompted, r.Name)
			known = prompt.Names()
			for _, e := range b.doc.Prompts {
				known = append(known, e.Key)
			}
		case "policy":
			for _, p := range b.plan.Policies {
				known = append(known, p.Name)
			}
		case "tasks":
			what = "task set"
			if slices.Contains(standardSets, r.Name) {
				continue // may come with the run
			}
			for _, t := range b.plan.Tasks {
				known = append(known, t.Name)
			}
		}
		if slices.Contains(known, r.Name) {
			continue
		}
		message := fmt.Sprintf("no %s named %q", what, r.Name)
		if r.Defaulted {
			message += ", which is the default here"
		}
		b.AddAt(r.Pos, r.Name, message, nearest(r.Name, known))
	}
}

// lintAnswer refuses an answer, written at path, that inference could not give.
func (b *builder) lintAnswer(a Answer, written registry.Value, path string) {
	at, _ := written.Get("abstain_below")
	if err := a.AbstainBelow.Validate(); err != nil {
		b.Add(at, path+".abstain_below", err.Error(), "")
	}
	if a.By == "" {
		if a.AbstainBelow.Risk > 0 {
			b.Add(at, path+".abstain_below", "a risk needs a verifier whose values tell right from wrong", "name it: answer: {by: majority_vote, abstain_below: {risk: 0.05}}")
		}
		return
	}
	if a.Else != "" && (a.AbstainBelow.Value > 0 || a.AbstainBelow.Risk > 0) {
		at, _ := written.Get("else")
		b.Add(at, path+".else", "what is abstained on below a value of one verifier, another would answer all the same", "leave out else or abstain_below")
	}
	for _, who := range []struct{ key, name string }{{"by", a.By}, {"else", a.Else}} {
		for _, v := range b.plan.Verify {
			if v.Label() == who.name && needsReference(b.registry, v) {
				at, _ := written.Get(who.key)
				b.Add(at, path+"."+who.key, fmt.Sprintf("%q judges by the reference answer, which inference does not have", who.name), "answer by a verifier without it, such as majority_vote")
			}
		}
	}
}

// needsReference tells whether v cannot judge without what is known of the
// task beforehand: a reference answer, or a world's oracle.
func needsReference(r *registry.Registry, v core.Spec) bool {
	needs := r.Needs(v)
	return slices.Contains(needs, registry.NeedReference) || slices.Contains(needs, registry.NeedOracle)
}

// lintSets refuses a gate or audit set that equals another set: what is
// trained on proves nothing.
func (b *builder) lintSets() {
	for i, s := range b.plan.Tasks {
		if s.Source.Config == nil {
			continue
		}
		for _, other := range b.plan.Tasks[:i] {
			sealed := func(name string) bool { return name == "gate" || name == "audit" }
			if !sealed(s.Name) && !sealed(other.Name) || other.Source.Config == nil {
				continue
			}
			if bytes.Equal(registry.Canonical(s.Source), registry.Canonical(other.Source)) {
				b.AddAt(s.Pos, s.Name, fmt.Sprintf("the sets %s and %s hold the same tasks", other.Name, s.Name), "a gate or audit on tasks used elsewhere proves nothing; give it its own")
			}
		}
	}
}

// lintTests checks that tests speak of seats, verifiers and controls that exist.
func (b *builder) lintTests() {
	for i, t := range b.plan.Tests {
		path := fmt.Sprintf("tests[%d]", i)
		var seats, controls []string
		for _, s := range b.plan.Seats {
			seats = append(seats, s.Name)
		}
		for _, c := range b.plan.Controls {
			controls = append(controls, c.Name)
		}
		for _, s := range t.Seats {
			if !slices.Contains(seats, s.Key) {
				b.AddAt(s.Pos, s.Key, fmt.Sprintf("no seat named %q, and no key of a test either", s.Key), nearest(s.Key, append(seats, reserved...)))
			}
		}
		stages := b.plan.Stages
		if t.Control != "" {
			c, ok := b.plan.Control(t.Control)
			if !ok {
				b.AddAt(t.Pos, t.Control, fmt.Sprintf("no control named %q", t.Control), nearest(t.Control, controls))
				continue
			}
			stages = c.Stages
		}
		if t.Stage > 0 && t.Stage >= len(stages) || t.Update > 0 && (t.Stage >= len(stages) || t.Update >= len(stages[t.Stage].Updates)) {
			b.AddAt(t.Pos, path, fmt.Sprintf("the recipe has no stage %d with an update %d", t.Stage, t.Update), "both count from 0")
			continue
		}
		labels := labelsOf(b.plan.Verify)
		if t.Stage < len(stages) {
			labels = append(labels, labelsOf(stages[t.Stage].Verify)...)
		}
		for _, by := range slices.Sorted(maps.Keys(t.Expect.Scores)) {
			if !slices.Contains(labels, by) {
				b.AddAt(registry.Pos{Line: t.Expect.Pos.Line, Col: t.Expect.Pos.Col, Path: path + ".expect.scores"}, by, fmt.Sprintf("no verifier named %q", by), nearest(by, labels))
			}
		}
	}
}
