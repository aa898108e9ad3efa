package listfn

import (
	"testing"

	"pawl/world"
	"pawl/world/worldtest"
)

// suiteOf says how the conformance suite makes a world.
func suiteOf(form string) worldtest.World {
	return worldtest.World{
		Name: form,
		New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
			return New(form, Config{Split: split, Dialect: dialect, Level: level, Seed: seed, N: n})
		},
	}
}

func TestConforms(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			worldtest.Run(t, suiteOf(form))
		})
	}
}

func FuzzJudgeApply(f *testing.F)  { worldtest.Fuzz(f, suiteOf(Apply)) }
func FuzzJudgeInduce(f *testing.F) { worldtest.Fuzz(f, suiteOf(Induce)) }
func FuzzJudgeRepair(f *testing.F) { worldtest.Fuzz(f, suiteOf(Repair)) }
