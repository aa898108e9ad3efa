package recipe

import (
	"fmt"
	"slices"
	"strings"

	"pawl/core"
	"pawl/registry"
)

// Names that reports use for arms of their own.
var armNames = []string{"base", "final", "none", "all"}

var overrideKeys = []string{"sample", "verify", "select", "optimize", "answer"}

// controls completes every control: what it names replaces or adjusts the
// part of the real arm, everything else is the real arm's.
func (b *builder) controls() {
	v, ok := b.root.Get("controls")
	if !ok || v.Form == registry.Null {
		return
	}
	if v.Form != registry.Map {
		b.Add(v, "controls", "wants a map of controls by name", "")
		return
	}
	for _, m := range v.Fields {
		path := "controls." + m.Key
		pos := registry.Pos{File: b.File, Line: m.Line, Col: m.Col, Path: path}
		b.nameable(m.Key, pos, "control", armNames...)
		if m.Value.Form != registry.Map || len(m.Value.Fields) == 0 {
			b.AddAt(pos, m.Key, "the control changes nothing", "name a policy and what differs: {solver: {select: ...}}")
			continue
		}
		control := Control{Name: m.Key, Pos: pos, Stages: cloneStages(b.plan.Stages)}
		for _, lane := range m.Value.Fields {
			b.override(&control, lane, path+"."+lane.Key)
		}
		b.plan.Controls = append(b.plan.Controls, control)
	}
}

func cloneStages(stages []Stage) []Stage {
	stages = slices.Clone(stages)
	for i := range stages {
		stages[i].Updates = slices.Clone(stages[i].Updates)
	}
	return stages
}

// override applies what a control says of one policy, in every stage in which
// that policy learns.
func (b *builder) override(c *Control, lane registry.Member, path string) {
	if lane.Value.Form != registry.Map {
		b.AddAt(registry.Pos{Line: lane.Line, Col: lane.Col, Path: path}, lane.Key, "the control changes nothing of this policy", "name one of "+strings.Join(overrideKeys, ", "))
		return
	}
	for _, m := range lane.Value.Fields {
		if !slices.Contains(overrideKeys, m.Key) {
			b.AddAt(registry.Pos{Line: m.Line, Col: m.Col, Path: path}, m.Key, fmt.Sprintf("unknown key %q", m.Key), nearest(m.Key, overrideKeys))
		}
	}
	known, mark := false, len(b.References)
	for i, written := range b.stageValues() {
		if i >= len(c.Stages) {
			break // the stages themselves are faulty
		}
		stage := &c.Stages[i]
		learns := false
		list, _ := written.Get("updates")
		for j := range stage.Updates {
			u := &stage.Updates[j]
			if u.Policy != lane.Key || j >= len(list.Items) {
				continue
			}
			known, learns = true, true
			b.overridePart(&u.Select, core.KindSelector, list.Items[j], lane.Value, "select", path)
			b.overridePart(&u.Optimize, core.KindOptimizer, list.Items[j], lane.Value, "optimize", path)
		}
		if !learns {
			continue
		}
		b.overridePart(&stage.Sample, core.KindSampler, written, lane.Value, "sample", path)
		if v, ok := lane.Value.Get("verify"); ok {
			var d struct {
				Verify []core.Spec `yaml:"verify" kind:"verifier"`
			}
			b.Into(&d, registry.Object(registry.Member{Key: "verify", Line: v.Line, Col: v.Col, Value: v}), path)
			stage.Verify = d.Verify
			b.distinct(stage.Verify, path+".verify")
		}
	}
	if v, ok := lane.Value.Get("answer"); ok {
		var d struct {
			Answer Answer `yaml:"answer"`
		}
		b.Into(&d, registry.Object(registry.Member{Key: "answer", Line: v.Line, Col: v.Col, Value: v}), path)
		c.Answer = &d.Answer
		b.lintAnswer(d.Answer, v, path+".answer")
	}
	if !known && len(b.plan.Stages) > 0 {
		b.AddAt(registry.Pos{Line: lane.Line, Col: lane.Col, Path: path}, lane.Key, fmt.Sprintf("no update of a policy %q", lane.Key), nearest(lane.Key, b.learners()))
	}
	// What this lane refers to must exist among its own verifiers.
	var labels []string
	for _, s := range c.Stages {
		labels = append(labels, labelsOf(s.Verify)...)
	}
	b.resolve(mark, func(string) []string { return labels })
}

// overridePart replaces *part by the control's value, completed from the real
// arm's where both name the same component.
func (b *builder) overridePart(part *core.Spec, kind core.Kind, real, lane registry.Value, key, path string) {
	over, ok := lane.Get(key)
	if !ok {
		return
	}
	if base, ok := real.Get(key); ok {
		over = b.registry.Merge(kind, base, over)
	}
	*part = b.Component(kind, over, path+"."+key)
}

// learners names the policies that have an update.
func (b *builder) learners() []string {
	var names []string
	for _, s := range b.plan.Stages {
		for _, u := range s.Updates {
			if !slices.Contains(names, u.Policy) {
				names = append(names, u.Policy)
			}
		}
	}
	return names
}

func nearest(name string, candidates []string) string {
	if near := registry.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return ""
	}
	return "it may be one of " + strings.Join(candidates, ", ")
}
