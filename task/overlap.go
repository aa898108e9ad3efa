package task

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"pawl/core"
)

// Named is a task set under its name in the recipe.
type Named struct {
	Name   string
	Source core.TaskSource
}

// Disjoint checks that no prompt, normalised, is in two of the sets. The error
// names both places of up to five prompts that are. Endless sets are not read:
// generators keep their splits apart by themselves.
func Disjoint(ctx context.Context, sets ...Named) error {
	type place struct {
		set  int
		task string
	}
	seen := map[[sha256.Size]byte]place{}
	var found []string
	for i, s := range sets {
		if s.Source.Len() < 0 {
			continue
		}
		for t, err := range s.Source.Tasks(ctx, 0) {
			if err != nil {
				return fmt.Errorf("checking task set %s: %w", s.Name, err)
			}
			key := sha256.Sum256([]byte(Normalise(t.Text())))
			here := fmt.Sprintf("%s (%s)", s.Name, where(t))
			if before, ok := seen[key]; !ok {
				seen[key] = place{i, here}
			} else if before.set != i {
				found = append(found, fmt.Sprintf("%s has the prompt of %s", here, before.task))
			}
			if len(found) == 5 {
				break
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("checking that task sets share no prompt: %s; take them out of one set, or let one file be split", strings.Join(found, "; "))
}

// where is the file and line of a task, or its id.
func where(t core.Task) string {
	if len(t.Origin) > 0 && strings.Contains(t.Origin[0], ":") && !strings.HasPrefix(t.Origin[0], "world:") {
		return t.Origin[0]
	}
	return t.ID
}
