package worldtest_test

import (
	"testing"

	"pawl/core"
	_ "pawl/std"
	"pawl/world"
	"pawl/world/worldtest"
)

// make3 is a world at its default level.
func make3(t testing.TB, name string) world.World {
	w, err := worldtest.Registered(name).New("train", world.Compact, 3, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A prompt of one world is read by that world alone, so that a model that
// proposes tasks says with the prompt which world they are of.
func TestPromptsTellTheirWorld(t *testing.T) {
	for _, name := range world.Names() {
		w := make3(t, name)
		for i := range min(w.Len(), 50) {
			prompt := w.Task(i).Text()
			for _, other := range world.Names() {
				rules, _ := world.RulesOf(other)
				if rules.Read == nil {
					continue
				}
				if task, err := rules.Read(prompt); (err == nil) != (other == name) {
					t.Fatalf("%q of %s, as read by %s: %s, %v", prompt, name, other, task.Reference, err)
				}
			}
		}
	}
}

// A million tasks a minute on one core are 60 µs a task.
func BenchmarkTask(b *testing.B) {
	for _, name := range world.Names() {
		w := make3(b, name)
		b.Run(name, func(b *testing.B) {
			var task core.Task
			for i := 0; b.Loop(); i++ {
				task = w.Task(i % w.Len())
			}
			if task.ID == "" {
				b.Fatal("a task without id")
			}
			b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "tasks/min")
		})
	}
}
