package harm

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

// suite is how the conformance suite makes worlds of c.
func suite(c Config) worldtest.World {
	return worldtest.World{Name: "harm", New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
		return New(c)
	}}
}

func TestWorld(t *testing.T) {
	for _, c := range []Config{{}, {Harmful: 20, Table: 7}} {
		t.Run(keyword(c.Table), func(t *testing.T) { worldtest.Run(t, suite(c)) })
	}
}

func FuzzWorld(f *testing.F) {
	worldtest.Fuzz(f, suite(Config{}), "ok;a", "no", "#### no", ";", "ok;;", "harm up abc=", "harm18446744073709551615 rev aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=")
}
