package loop

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"pawl/core"
)

// tasks opens a task set by name, once. It holds no lock while a source is
// built, which may ask for further sets.
func (r *Run) tasks(ctx context.Context, set string) (core.TaskSource, error) {
	r.mu.Lock()
	source, ok := r.sources[set]
	r.mu.Unlock()
	if ok {
		return source, nil
	}
	source, ok = r.Sets[set]
	if !ok {
		spec, found := r.Plan.Set(set)
		if !found {
			advice := "give a file with --tasks"
			if names := r.setNames(); len(names) > 0 {
				advice = "it has " + strings.Join(names, ", ")
			}
			return nil, fmt.Errorf("opening task set %q: the recipe has none of that name; %s", set, advice)
		}
		built, err := r.Registry.Build(ctx, &host{run: r}, spec.Source)
		if err != nil {
			return nil, fmt.Errorf("opening task set %q: %w", set, err)
		}
		source = built.(core.TaskSource)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first, ok := r.sources[set]; ok {
		return first, nil
	}
	if r.sources == nil {
		r.sources = map[string]core.TaskSource{}
	}
	r.sources[set] = source
	return source, nil
}

// setNames lists the task sets that the recipe has or that came with the run.
func (r *Run) setNames() []string {
	names := slices.Collect(maps.Keys(r.Sets))
	for _, s := range r.Plan.Tasks {
		if s.Source.Name != "" {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// OpenSets opens every task set of the recipe, so that mistakes in files show
// before any work is done. The result may become Sets.
func (r *Run) OpenSets(ctx context.Context) (map[string]core.TaskSource, error) {
	all := maps.Clone(r.Sets)
	if all == nil {
		all = map[string]core.TaskSource{}
	}
	for _, s := range r.Plan.Tasks {
		if s.Source.Name == "" && r.Sets[s.Name] == nil {
			continue // supplied later, or missing: the caller knows
		}
		source, err := r.tasks(ctx, s.Name)
		if err != nil {
			return nil, err
		}
		all[s.Name] = source
	}
	return all, nil
}

// SetsNamed lists the task sets that a component, or one nested in it, reads.
func SetsNamed(s core.Spec) []string { return named(reflect.ValueOf(s.Config), "tasks") }

// drawTasks gives the tasks of pass p of the whole run: `take` of them,
// continuing where the last pass stopped and starting over at the end.
func (r *Run) drawTasks(ctx context.Context, set string, pass int) ([]core.Task, error) {
	source, err := r.tasks(ctx, set)
	if err != nil {
		return nil, err
	}
	take := 0
	if spec, ok := r.Plan.Set(set); ok {
		take = spec.Take
	}
	n := source.Len()
	if n == 0 {
		return nil, fmt.Errorf("drawing tasks of %q: the set is empty", set)
	}
	if take == 0 || n > 0 && take >= n {
		if n < 0 {
			return nil, fmt.Errorf("drawing tasks of %q: the source is endless; say how many a round with take", set)
		}
		return collect(ctx, source, 0, n)
	}
	first := pass * take
	if n < 0 {
		return collect(ctx, source, first, take)
	}
	first %= n
	head, err := collect(ctx, source, first, min(take, n-first))
	if err != nil || first+take <= n {
		return head, err
	}
	tail, err := collect(ctx, source, 0, take-len(head))
	if err != nil {
		return nil, err
	}
	return append(head, tail...), nil
}

// allTasks gives a whole finite set.
func (r *Run) allTasks(ctx context.Context, set string) ([]core.Task, error) {
	source, err := r.tasks(ctx, set)
	if err != nil {
		return nil, err
	}
	if source.Len() < 0 {
		return nil, noEnd(set)
	}
	return collect(ctx, source, 0, source.Len())
}

// roomFor bounds what is set aside for tasks before any is read: n comes from
// recipes, and may be any number.
const roomFor = 1 << 16

// collect reads n tasks. Their ids name random streams, paired results and
// labels, so no two may be equal.
func collect(ctx context.Context, source core.TaskSource, first, n int) ([]core.Task, error) {
	tasks := make([]core.Task, 0, min(max(n, 0), roomFor))
	if n <= 0 {
		return tasks, nil
	}
	ids := make(map[string]bool, min(n, roomFor))
	for t, err := range source.Tasks(ctx, first) {
		if err != nil {
			return nil, err
		}
		if ids[t.ID] {
			return nil, taken(t.ID)
		}
		ids[t.ID] = true
		tasks = append(tasks, t)
		if len(tasks) == n {
			break
		}
	}
	return tasks, ctx.Err()
}

// hashSets adds to h the contents of every finite task set that a component,
// or one nested in it, names in a field tagged ref:"tasks".
func (r *Run) hashSets(ctx context.Context, h *core.Hasher, s core.Spec) error {
	for _, set := range SetsNamed(s) {
		source, err := r.tasks(ctx, set)
		if err != nil {
			return err
		}
		if source.Len() < 0 {
			return noEnd(set)
		}
		h.String(set)
		err = eachTask(ctx, source, source.Len(), func(t core.Task) []byte { return marshal(t) }, func(b []byte) error {
			h.Bytes(b)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachTask takes what is made of each of the first n tasks of a source that has a
// length, in order; they are made on all processors. As in collect, no two ids
// may be equal.
func eachTask[T any](ctx context.Context, source core.TaskSource, n int, of func(core.Task) T, take func(T) error) error {
	type named struct {
		id   string
		made T
	}
	ids := make(map[string]bool, min(n, roomFor))
	for x, err := range core.MapTasks(ctx, source, n, func(t core.Task) (named, error) { return named{t.ID, of(t)}, nil }) {
		if err == nil && ids[x.id] {
			err = taken(x.id)
		}
		if err == nil {
			ids[x.id], err = true, take(x.made)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func noEnd(set string) error {
	return fmt.Errorf("reading task set %q: it is endless; give it a size with n", set)
}

func taken(id string) error {
	return fmt.Errorf("reading tasks: two have the id %q; give each its own", id)
}

var specType = reflect.TypeFor[core.Spec]()

// named walks a config for names that refer to what ref says, in field order.
func named(v reflect.Value, ref string) []string {
	if !v.IsValid() {
		return nil
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return named(v.Elem(), ref)
	case reflect.Slice:
		var names []string
		for i := range v.Len() {
			names = append(names, named(v.Index(i), ref)...)
		}
		return names
	case reflect.Struct:
		if v.Type() == specType {
			return named(reflect.ValueOf(v.Interface().(core.Spec).Config), ref)
		}
		var names []string
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			if field.Tag.Get("ref") == ref && field.Type.Kind() == reflect.String {
				if name := v.Field(i).String(); name != "" {
					names = append(names, name)
				}
				continue
			}
			names = append(names, named(v.Field(i), ref)...)
		}
		return names
	}
	return nil
}
