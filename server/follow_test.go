package server

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pawl"
	"pawl/core"
)

// What is put in force answers from the next request on; a policy that is not served
// as it was trained never does.
func TestFollowsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains for a second or two")
	}
	ctx := context.Background()
	p, err := pawl.Open(pawl.Options{Dir: t.TempDir(), Recipes: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	result, err := p.Run(ctx, pawl.RunOptions{Recipe: filepath.Join("..", "cli", "testdata", "tiny.yaml"), Controls: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	if result.Report.Promoted == 0 {
		t.Fatal("the run promoted nothing, so that there is nothing to roll back")
	}
	m, err := pawl.ParseModel("run")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var notes []string
	s, err := New(ctx, p, Options{Models: []pawl.Model{m}, Note: func(n string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, n)
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	defer s.Close()
	defer h.Close()

	by := func() string {
		t.Helper()
		status, header, v := post(t, h, "/v1/chat/completions", `{"model":"run","temperature":0,"messages":[{"role":"user","content":"1 2 3 :"}]}`)
		if status != 200 {
			t.Fatalf("status %d: %v", status, v)
		}
		_, _, trace := get(t, h, "/v1/traces/"+header.Get(headerTrace))
		model, _ := at(trace, "answers", 0, "calls", 0, "model").(string)
		return strings.TrimPrefix(model, "embedded@")
	}
	versions := func() (base, now core.Digest) {
		t.Helper()
		list, err := p.Store().Promotions(ctx, result.Run.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Arm == "" && x.InForce() {
				if base == "" {
					base = x.Policies["solver"].Version()
				}
				now = x.Policies["solver"].Version()
			}
		}
		return base, now
	}
	base, promoted := versions()
	if got := by(); got != promoted.Short() {
		t.Errorf("served by %s, in force is %s", got, promoted.Short())
	}
	if _, err := p.Rollback(ctx, result.Run.ID, "base"); err != nil {
		t.Fatal(err)
	}
	if got := by(); got != base.Short() || base == promoted {
		t.Errorf("after the rollback to %s: served by %s", base.Short(), got)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(notes) != 1 || !strings.Contains(notes[0], base.Short()) {
		t.Errorf("people were told %q", notes)
	}
}
