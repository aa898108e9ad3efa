package keysum

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

// suite is how the conformance suite makes worlds of c.
func suite(c Config) worldtest.World {
	return worldtest.World{Name: "keysum", New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
		return New(c)
	}}
}

func TestWorld(t *testing.T) {
	for _, form := range []string{Turns, Once} {
		t.Run(form, func(t *testing.T) { worldtest.Run(t, suite(Config{Form: form})) })
	}
}

func FuzzWorld(f *testing.F) {
	worldtest.Fuzz(f, suite(Config{}), single, double, "#### 5", "=;=", "--1;", "0-=-2;", "keysum 8x2 a3,b-2:")
}
