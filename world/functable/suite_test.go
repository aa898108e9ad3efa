package functable

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

// suite is how the conformance suite makes worlds of c.
func suite(c Config) worldtest.World {
	return worldtest.World{Name: "functable", New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		c.Split, c.Dialect, c.Level, c.Seed, c.N = split, dialect, level, seed, n
		return New(c)
	}}
}

func TestWorld(t *testing.T) {
	for _, c := range []Config{{}, {Book: Open, Table: 7}} {
		t.Run(c.Book, func(t *testing.T) { worldtest.Run(t, suite(c)) })
	}
}

func FuzzWorld(f *testing.F) {
	worldtest.Fuzz(f, suite(Config{Book: Open}), opened, "bilu(", ";;;;;;;;", "#### 0", "bilu(1)=", "fn7 a(b(c(0)))=", "fn a 0000000000:a(a(1))=")
}
