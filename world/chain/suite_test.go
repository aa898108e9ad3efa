package chain

import (
	"slices"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/worldtest"
)

func suite(c Config) worldtest.World {
	return worldtest.World{
		Name: "chain",
		New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
			c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
			return New(c)
		},
		Canonical: func(task core.Task) string {
			ref, _, err := decode(task.Reference)
			if err != nil {
				return err.Error()
			}
			if c.By == "multiset" {
				slices.Sort(ref.Numbers)
			}
			return world.Words(ref.Numbers)
		},
	}
}

func TestChainConforms(t *testing.T) { worldtest.Run(t, suite(Config{})) }

func TestOrderedChainConforms(t *testing.T) {
	w := suite(Config{Order: "fixed"})
	w.Special = true
	worldtest.Run(t, w)
}

func TestMultisetChainConforms(t *testing.T) {
	w := suite(Config{By: "multiset", Table: 3})
	w.Special = true
	worldtest.Run(t, w)
}

// Of long chains only a part of the numbers is numbered.
func TestLongChainConforms(t *testing.T) {
	w := suite(Config{Numbers: 30, Hinted: 0.5})
	w.Special = true
	worldtest.Run(t, w)
}

func FuzzChain(f *testing.F) { worldtest.Fuzz(f, suite(Config{})) }
