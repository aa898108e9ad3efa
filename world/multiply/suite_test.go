package multiply

import (
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/worldtest"
)

func suite() worldtest.World {
	w := worldtest.Registered("multiply")
	w.Canonical = func(t core.Task) string { // x*y is y*x
		var ref reference
		if err := world.Decode(t.Reference, &ref); err != nil {
			panic(err)
		}
		return min(ref.X, ref.Y) + "*" + max(ref.X, ref.Y)
	}
	return w
}

func TestConforms(t *testing.T) { worldtest.Run(t, suite()) }

func FuzzJudge(f *testing.F) { worldtest.Fuzz(f, suite()) }

func BenchmarkTask(b *testing.B) {
	w, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		_ = w.Task(i % w.Len())
	}
}
