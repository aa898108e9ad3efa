package core

import (
	"context"
	"fmt"
)

// Demonstrations yields the worked solution of every task of the source as an
// example: the prompt, then the solution as an assistant node, label 1. A task
// without a worked solution is an error, since a set that teaches must teach.
func Demonstrations(ctx context.Context, source TaskSource) Examples {
	return func(yield func(*Example, error) bool) {
		for t, err := range source.Tasks(ctx, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			solution := t.Ref().Solution
			if solution == "" {
				yield(nil, fmt.Errorf("reading demonstrations: task %s has no worked solution; give the field \"solution\"", t.ID))
				return
			}
			ep := NewEpisode(t, 0)
			leaf := ep.Append(Node{Parent: ep.Root(), Role: RoleAssistant, Actor: "reference", Content: solution})
			if !yield(&Example{Episode: ep, Leaves: []Ref{leaf}, Labels: []float64{1}}, nil) {
				return
			}
		}
	}
}
