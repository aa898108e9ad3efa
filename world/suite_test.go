package world_test

import (
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world"
)

func TestSourcesConform(t *testing.T) {
	for name, w := range all(t) {
		t.Run(name, func(t *testing.T) {
			coretest.TaskSource(t, func(*coretest.Host) (core.TaskSource, error) { return world.NewSource(w, min(w.Len(), 50)) })
		})
	}
}
