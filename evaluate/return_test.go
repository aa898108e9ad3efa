package evaluate

import (
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/registry"
)

func graded(id string, values ...float64) *core.Episode {
	ep := episode(id, make([]try, len(values))...)
	for i, v := range values {
		ep.Scores[i].Value, ep.Scores[i].Abstain = v, math.IsNaN(v)
	}
	return ep
}

func TestReturn(t *testing.T) {
	m := decoded(t, "return", registry.Value{})
	got, err := m.Measure(t.Context(), source(graded("a", 1, 0.5), graded("b", -0.25), graded("c", math.NaN()), graded("d")))
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	// 1, 0.5, -0.25 and a failed episode; c is not judged.
	if e := got[0]; math.Abs(e.Value-1.25/4) > 1e-12 || e.N != 3 || !(e.Low < e.Value && e.Value < e.High) || e.Low >= 0 || e.Name != "return" {
		t.Errorf("%+v", e)
	}
	if got, err := m.Measure(t.Context(), source(graded("c", math.NaN()))); err != nil || got != nil {
		t.Errorf("nothing judged gives %v (%v)", got, err)
	}
	other := decoded(t, "return", registry.Object(registry.Member{Key: "by", Value: registry.Scalar("judge")}))
	if _, err := other.Measure(t.Context(), source(graded("a", 1))); err == nil || !strings.Contains(err.Error(), "judge") {
		t.Errorf("a score that is not there: %v", err)
	}
}
