package multiply

import (
	"testing"

	"pawl/world"
	"pawl/world/internal/suite"
)

func TestConforms(t *testing.T) {
	suite.Conform(t, "multiply", func(level int, split, dialect string, seed uint64) (world.World, error) {
		return New(Config{Level: level, Split: split, Dialect: dialect, Seed: seed})
	})
}

func FuzzJudge(f *testing.F) {
	w, _ := New(Config{})
	chat, _ := New(Config{Dialect: world.Chat})
	suite.Fuzz(f, "multiply", w.Task(0), chat.Task(0))
}

func BenchmarkTask(b *testing.B) {
	w, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		_ = w.Task(i % w.Len())
	}
}
