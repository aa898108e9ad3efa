package recipe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pawl/registry"
)

// Override sets one value of the page, as a flag of the command line does, and
// makes the plan anew. The path is the one that problems show:
//
//	rounds                                  2
//	budget.usd                              0.5
//	updates[0].optimize.train.steps         200
//	tasks.train                             {jsonl: {path: mine.jsonl}}
//
// The value is YAML. Keys on the way that do not exist are made. The path
// controls also takes none, all, or a comma-separated list of those to keep.
func (p *Plan) Override(path, value string) error {
	if path == "controls" && !strings.HasPrefix(strings.TrimSpace(value), "{") {
		return p.keepControls(value)
	}
	steps, err := splitPath(path)
	if err != nil {
		return fmt.Errorf("setting %s: %w", path, err)
	}
	root, err := setText(p.root, steps, path, value)
	if err != nil {
		return err
	}
	return p.remake(root, path, "setting "+path+"="+value)
}

// Set is Override for a value that is no page: that of a component.
func Set(v registry.Value, path, value string) (registry.Value, error) {
	steps, err := splitPath(path)
	if err != nil {
		return v, fmt.Errorf("setting %s: %w", path, err)
	}
	return setText(v, steps, path, value)
}

func setText(v registry.Value, steps []step, path, value string) (registry.Value, error) {
	w, problems := Read("--set "+path, []byte(value))
	if len(problems) > 0 {
		return v, fmt.Errorf("setting %s: %w", path, problems)
	}
	v, err := set(v, steps, unplaced(w))
	if err != nil {
		return v, fmt.Errorf("setting %s: %w", path, err)
	}
	return v, nil
}

// remake replaces p by the plan of a page changed at path, keeping p where that
// is faulty. A mistake at the path is not one of the file, and names no line of
// it.
func (p *Plan) remake(root registry.Value, path, doing string) error {
	next, problems := decode(p.registry, p.Path, root)
	if len(problems) > 0 {
		for i, q := range problems {
			if path != "" && (strings.HasPrefix(q.Path, path) || strings.HasPrefix(path, q.Path)) {
				problems[i].File, problems[i].Line, problems[i].Col = "", 0, 0
			}
		}
		return fmt.Errorf("%s: %w", doing, problems)
	}
	next.Name = p.Name
	*p = *next
	return nil
}

func (p *Plan) keepControls(value string) error {
	controls, _ := p.root.Get("controls")
	switch value = strings.TrimSpace(value); value {
	case "all":
		return nil
	case "none":
		return p.remake(withoutTestsOf(p.root.Without("controls"), nil), "", "dropping the controls")
	}
	kept := registry.Value{Form: registry.Map, Line: controls.Line, Col: controls.Col}
	var names []string
	for _, c := range p.Controls {
		names = append(names, c.Name)
	}
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		lane, ok := controls.Get(name)
		if !ok {
			return fmt.Errorf("setting controls: the recipe has no control %q; %s", name, nearest(name, append(names, "none", "all")))
		}
		kept = kept.With(name, lane)
	}
	return p.remake(withoutTestsOf(p.root.With("controls", kept), kept.Fields), "", "setting controls="+value)
}

// withoutTestsOf drops the tests of controls that are not kept.
func withoutTestsOf(root registry.Value, kept []registry.Member) registry.Value {
	tests, ok := root.Get("tests")
	if !ok {
		return root
	}
	items := tests.Items
	tests.Items = nil
	for _, t := range items {
		name, ok := t.Get("control")
		if !ok || slices.ContainsFunc(kept, func(m registry.Member) bool { return m.Key == name.Text }) {
			tests.Items = append(tests.Items, t)
		}
	}
	return root.With("tests", tests)
}

// unplaced drops positions, which are of another text than the page.
func unplaced(v registry.Value) registry.Value {
	v.Line, v.Col = 0, 0
	items, fields := v.Items, v.Fields
	v.Items, v.Fields = nil, nil
	for _, i := range items {
		v.Items = append(v.Items, unplaced(i))
	}
	for _, f := range fields {
		v.Fields = append(v.Fields, registry.Member{Key: f.Key, Quoted: f.Quoted, Value: unplaced(f.Value)})
	}
	return v
}

// step is a key, or an index where key is "".
type step struct {
	key   string
	index int
}

func splitPath(path string) ([]step, error) {
	var steps []step
	for part := range strings.SplitSeq(path, ".") {
		key, rest, indexed := strings.Cut(part, "[")
		if key != "" {
			steps = append(steps, step{key: key})
		}
		for indexed {
			var number string
			number, rest, indexed = strings.Cut(rest, "]")
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || !indexed {
				return nil, fmt.Errorf("the path %q is not like updates[0].optimize.train.steps", path)
			}
			steps = append(steps, step{index: n})
			_, rest, indexed = strings.Cut(rest, "[")
		}
		if key == "" && !strings.HasPrefix(part, "[") {
			return nil, fmt.Errorf("the path %q is not like updates[0].optimize.train.steps", path)
		}
	}
	return steps, nil
}

// set returns v with the node at steps replaced.
func set(v registry.Value, steps []step, w registry.Value) (registry.Value, error) {
	if len(steps) == 0 {
		return w, nil
	}
	s := steps[0]
	if s.key == "" {
		if s.index >= len(v.Items) {
			return v, fmt.Errorf("there is no item %d; the list has %d, counted from 0", s.index, len(v.Items))
		}
		items := append([]registry.Value(nil), v.Items...)
		var err error
		items[s.index], err = set(items[s.index], steps[1:], w)
		v.Items = items
		return v, err
	}
	switch v.Form {
	case registry.List:
		return v, fmt.Errorf("%q is a key, but here is a list; write [0]", s.key)
	case registry.Text:
		// A component written as a bare name: greedy is {greedy: }.
		v = registry.Value{Form: registry.Map, Line: v.Line, Col: v.Col, Fields: []registry.Member{{Key: v.Text, Line: v.Line, Col: v.Col}}}
	}
	child, _ := v.Get(s.key)
	child, err := set(child, steps[1:], w)
	return v.With(s.key, child), err
}
