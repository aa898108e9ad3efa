package server

import (
	"context"
	"errors"
	"math"
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

// forced is a run whose policies in force, and their probes, are written down.
type forced struct {
	now    core.Policy
	fails  error
	differ map[string]float64 // by weights
	probed []string
}

func (f *forced) InForce(context.Context) (core.Policy, error) { return f.now, f.fails }

func (f *forced) Probe(_ context.Context, p core.Policy) (float64, error) {
	f.probed = append(f.probed, string(p["weights"]))
	return f.differ[string(p["weights"])], nil
}

// A policy that is not served as it was trained never answers: the one before stays,
// until another is in force. It is probed once.
func TestRefusesWhatIsServedOtherwise(t *testing.T) {
	_, s, _ := newServer(t, Options{}, "says")
	run := &forced{now: core.Policy{"weights": "a"}, differ: map[string]float64{"b": 0.5, "nan": math.NaN()}}
	f := &follower{s: s, run: run, current: run.now}
	for _, c := range []struct {
		inForce string
		fails   error
		want    string
	}{
		{"a", nil, "a"}, {"b", nil, "a"}, {"b", nil, "a"}, {"c", nil, "c"}, {"nan", nil, "c"}, {"a", errors.New("the ledger cannot be read"), "c"}, {"a", nil, "a"},
	} {
		run.now, run.fails = core.Policy{"weights": core.Digest(c.inForce)}, c.fails
		p, err := f.inForce(context.Background())
		if err != nil || string(p["weights"]) != c.want {
			t.Errorf("with %s in force (%v): served by %s, %v; want %s", c.inForce, c.fails, p["weights"], err, c.want)
		}
	}
	if got := strings.Join(run.probed, " "); got != "b c nan a" {
		t.Errorf("probed: %s", got)
	}
}
