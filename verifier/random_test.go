package verifier

import (
	"slices"
	"strconv"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/stats"
)

func TestRandomConforms(t *testing.T) {
	coretest.Verifier(t, func(h *coretest.Host) (core.Verifier, error) { return newRandom(t.Context(), h, RandomConfig{}) })
}

// Values are spread evenly and say nothing of the text.
func TestRandom(t *testing.T) {
	v, err := newRandom(t.Context(), coretest.NewHost(nil), RandomConfig{})
	texts := make([]string, 2000)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	alike, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "a", "b"))
	if alike[0] == alike[1] {
		t.Errorf("attempts that say the same share the value %v: what is frequent would be drawn as seldom as what is rare", alike[0])
	}
	values, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), texts...))
	right := make([]bool, len(texts))
	for i := range right {
		right[i] = i%2 == 0
	}
	area, _ := stats.AUROC(values, right)
	if m := stats.Mean(values); m < 0.47 || m > 0.53 || area < 0.45 || area > 0.55 || slices.Min(values) < 0 || slices.Max(values) >= 1 {
		t.Errorf("mean %v, AUROC %v, from %v to %v", m, area, slices.Min(values), slices.Max(values))
	}
}
