package kuhn

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

var conforming = worldtest.World{
	Name: Name,
	New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		return New(Config{Split: split, Dialect: dialect, Level: level, Seed: seed, N: n})
	},
}

func TestConforms(t *testing.T) { worldtest.Run(t, conforming) }

func FuzzAnyText(f *testing.F) { worldtest.Fuzz(f, conforming) }
