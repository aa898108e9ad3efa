package countdown

import (
	"fmt"
	"slices"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/worldtest"
)

func suite(c Config) worldtest.World {
	return worldtest.World{
		Name: "countdown",
		New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
			c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
			return New(c)
		},
		Canonical: func(task core.Task) string {
			ref, err := decode(task.Reference)
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(slices.Sorted(slices.Values(ref.Numbers)))
		},
	}
}

func TestCountdownConforms(t *testing.T) { worldtest.Run(t, suite(Config{})) }

func FuzzCountdown(f *testing.F) { worldtest.Fuzz(f, suite(Config{})) }
