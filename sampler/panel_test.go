package sampler

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestPanelAsksEverySeat(t *testing.T) {
	h := coretest.NewHost(nil)
	a, b := coretest.Samples("one", "two"), coretest.Samples("three", "four")
	a.Tokens, b.Tokens = true, true
	h.Actors = map[string]core.Actor{"a": a, "b": b}
	zero := 0.0
	s, err := newPanel(t.Context(), h, Panel{Seats: []string{"a", "b"}, N: 2, Temperature: &zero})
	if err != nil {
		t.Fatal(err)
	}
	ep, err := s.Sample(t.Context(), core.Call{Seed: 7}, coretest.Task("t", "q", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := contents(ep), []string{"one", "two", "three", "four"}; !slices.Equal(got, want) {
		t.Errorf("attempts %q, want %q", got, want)
	}
	var seats []string
	for _, r := range ep.Leaves() {
		if ep.Node(r).Parent != ep.Root() {
			t.Errorf("attempt %d hangs below another", r)
		}
		seats = append(seats, ep.Node(r).Actor)
	}
	if !slices.Equal(seats, []string{"a", "a", "b", "b"}) || ep.Usage.Calls != 2 || ep.Seed != 7 {
		t.Errorf("seats %q, usage %+v, seed %d", seats, ep.Usage, ep.Seed)
	}
	if x, y := a.Requests()[0], b.Requests()[0]; x.Seed == y.Seed || len(y.Path) != 1 || *y.Options.Temperature != 0 {
		t.Errorf("the seats are asked %+v and %+v", x, y)
	}
}

func TestPanelRefuses(t *testing.T) {
	h := coretest.NewHost(coretest.Samples("x"))
	for _, c := range []struct {
		seats []string
		want  string
	}{{nil, "wants seats"}, {[]string{"solver", "solver"}, "twice"}, {[]string{"solver", "critic"}, "critic"}} {
		if _, err := newPanel(t.Context(), h, Panel{Seats: c.seats, N: 1}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.seats, err, c.want)
		}
	}
}
