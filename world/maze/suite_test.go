package maze

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

// suite is how the conformance suite makes worlds of c.
func suite(c Config) worldtest.World {
	return worldtest.World{Name: "maze", New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
		return New(c)
	}}
}

func TestWorld(t *testing.T) {
	t.Run("solvable", func(t *testing.T) { worldtest.Run(t, suite(Config{})) })
	t.Run("some without a way", func(t *testing.T) { worldtest.Run(t, suite(Config{Unsolvable: 30})) })
}

func FuzzWorld(f *testing.F) {
	worldtest.Fuzz(f, suite(Config{Unsolvable: 50}), small, "kq;qd;kqd", "none", "#### k q d", ";;", "kq;\xffd;k", "maze a>z:ab=", "maze k>d:qk,kx,bd=")
}
