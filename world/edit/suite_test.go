package edit

import (
	"testing"

	"pawl/world/worldtest"
)

func TestConforms(t *testing.T) { worldtest.Run(t, worldtest.Registered("edit")) }

func FuzzJudge(f *testing.F) { worldtest.Fuzz(f, worldtest.Registered("edit")) }

func BenchmarkTask(b *testing.B) {
	w, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		_ = w.Task(i % w.Len())
	}
}
