package world_test

import (
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world"
	"pawl/world/chain"
)

func TestSourceConforms(t *testing.T) {
	w, err := chain.New(chain.Config{})
	if err != nil {
		t.Fatal(err)
	}
	coretest.TaskSource(t, func(*coretest.Host) (core.TaskSource, error) { return world.NewSource(w, 50) })
}
