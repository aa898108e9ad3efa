package pawl

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"pawl/core"
	"pawl/lesson"
	"pawl/world"
)

// RoleFigure is how often a policy plays a role right in a world, at the
// world's level of EnvironmentOptions.
type RoleFigure struct {
	World string         `json:"world"`
	Level int            `json:"level"`
	Sizes map[string]int `json:"sizes,omitempty"` // that differ from those of the level
	Role  string         `json:"role"`
	Value float64        `json:"accuracy"`
	Low   float64        `json:"low"`
	High  float64        `json:"high"`
	N     int            `json:"n"`
}

// RoleFigures measures a policy in every role that the worlds know, by greedy
// replies to lessons that it has not seen; proposals, which are all asked for in
// the same words, are sampled at temperature 1, and right where they pose a task
// of the world. Solving is left to Environments.
func (p *Pawl) RoleFigures(ctx context.Context, policy core.Policy, o EnvironmentOptions) ([]RoleFigure, error) {
	actor, err := p.models.Actor(ctx, policy, "solver", core.Options{})
	if err != nil {
		return nil, err
	}
	model, ok := actor.(core.BatchActor)
	if !ok {
		return nil, fmt.Errorf("measuring roles: the model takes no batches")
	}
	split := o.Split
	if split == "" {
		split = "audit"
	}
	roles := o.Roles
	if roles == nil {
		roles = slices.DeleteFunc(slices.Clone(lesson.Roles), func(role string) bool { return role == "solve" })
	}
	var all []RoleFigure
	for _, name := range slices.Sorted(maps.Keys(o.Worlds)) {
		for _, role := range roles {
			l, err := lesson.New(lesson.Config{
				Split: split, N: o.Tasks, Seed: o.Seed + 1, Longest: 400, Only: role != "attempt_or_abstain",
				Worlds: map[string]int{name: o.Worlds[name]}, Sizes: only(o.Sizes, name), Roles: map[string]float64{role: 1},
			})
			if err != nil {
				return nil, err
			}
			if !l.Fits() {
				continue
			}
			values, err := replies(ctx, model, l, role)
			if err != nil {
				return nil, fmt.Errorf("measuring %s in world %s: %w", role, name, err)
			}
			f := RoleFigure{World: name, Level: o.Worlds[name], Sizes: o.Sizes[name], Role: role, N: len(values)}
			f.Value, f.Low, f.High = interval(values)
			all = append(all, f)
		}
	}
	return all, nil
}

// replies are 1 for right and 0 for wrong.
func replies(ctx context.Context, model core.BatchActor, l *lesson.Lessons, role string) ([]float64, error) {
	temperature := 0.0
	if role == "propose" {
		temperature = 1
	}
	var values []float64
	for from := 0; from < l.Len(); from += batchTasks {
		var tasks []core.Task
		var rs []core.Request
		for i := from; i < min(from+batchTasks, l.Len()); i++ {
			t, err := l.Task(i)
			if err != nil {
				return nil, err
			}
			tasks = append(tasks, t)
			rs = append(rs, core.Request{
				Path: t.Prompt, N: 1, Seed: core.NewHasher("role").String(t.ID).Seed(),
				Options: core.Options{Temperature: &temperature, MaxTokens: longestAnswer},
			})
		}
		nodes, long, err := act(ctx, model, rs)
		if err != nil {
			return nil, err
		}
		for i, t := range tasks {
			if long[i] {
				values = append(values, 0)
				continue
			}
			v, err := world.Check(t, nodes[i][0].Content)
			if err != nil {
				return nil, err
			}
			values = append(values, b2f(v.Right))
		}
	}
	return values, nil
}

// only is the sizes of one world.
func only(sizes map[string]map[string]int, name string) map[string]map[string]int {
	if sizes[name] == nil {
		return nil
	}
	return map[string]map[string]int{name: sizes[name]}
}
