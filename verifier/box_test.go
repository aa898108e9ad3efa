package verifier

import (
	"os"
	"sync"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/sandbox"
)

var opened = sync.OnceValues(func() (*sandbox.Sandbox, error) { return sandbox.Open(sandbox.Options{}) })

// strictBox is a sandbox for programs that mean harm; without one the test is
// skipped.
func strictBox(t *testing.T) core.Sandbox {
	t.Helper()
	box, err := opened()
	if err != nil {
		lacksSandbox(t, err)
	}
	return box
}

// lacksSandbox skips a test that runs programs of others; where scripts/setup has
// run, as in continuous integration, there must be a sandbox.
func lacksSandbox(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skipf("no program of others runs without a sandbox: %v", err)
}

func TestMain(m *testing.M) {
	m.Run()
	if box, err := opened(); err == nil {
		box.Close()
	}
}

// honestHost is a host for programs of the test's own.
func honestHost(solver core.Actor) *coretest.Host {
	h := coretest.NewHost(solver)
	h.Box = coretest.HonestBox{}
	return h
}
