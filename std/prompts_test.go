package std

import (
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
	"pawl/registry"
	"pawl/world"
)

// Nothing that a world asks or answers in the compact dialect keeps a prompt
// from being one line with its parts apart.
func TestCompactPromptsFitEveryWorld(t *testing.T) {
	verify, err := prompt.Get(prompt.Verify)
	if err != nil {
		t.Fatal(err)
	}
	worlds := 0
	for _, c := range registry.Default.List(core.KindTasks) {
		if !slices.Contains(world.Names(), c.Name) {
			continue
		}
		worlds++
		source, err := registry.Make[core.TaskSource](t.Context(), registry.Default, coretest.NewHost(nil), core.Spec{Kind: core.KindTasks, Name: c.Name})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for task, err := range source.Tasks(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > 50 {
				break
			}
			ref := task.Ref()
			for _, attempt := range []string{ref.Solution, ref.Answer} {
				if _, err := verify.Render(prompt.Compact, prompt.Data{Task: task.Prompt, Attempt: attempt}); err != nil {
					t.Fatalf("task %s of %s: %v", task.ID, c.Name, err)
				}
			}
		}
	}
	if worlds < 3 {
		t.Errorf("only %d worlds are registered", worlds)
	}
}
