package core

import (
	"context"
	"fmt"
)

// Demonstrations yields the worked solution of every task of the source as an
// example: see [Demonstration].
func Demonstrations(ctx context.Context, source TaskSource) Examples {
	return func(yield func(*Example, error) bool) {
		for t, err := range source.Tasks(ctx, 0) {
			var x *Example
			if err == nil {
				x, err = Demonstration(t)
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
	}
}

// Demonstration is the worked solution of a task as an example: the prompt, then
// the solution as an assistant node, label 1. A task without a worked solution is
// an error, since a set that teaches must teach.
func Demonstration(t Task) (*Example, error) {
	solution := t.Ref().Solution
	if solution == "" {
		return nil, fmt.Errorf("reading demonstrations: task %s has no worked solution; give the field \"solution\"", t.ID)
	}
	ep := NewEpisode(t, 0)
	leaf := ep.Append(Node{Parent: ep.Root(), Role: RoleAssistant, Actor: "reference", Content: solution})
	return &Example{Episode: ep, Leaves: []Ref{leaf}, Labels: []float64{1}}, nil
}
