package selector

import (
	"slices"
	"testing"

	"pawl/coretest"
)

// The longest attempt of all is 1234567, of seven characters; at prompts of two
// characters it is 12345.
func TestLongest(t *testing.T) {
	a := coretest.Episode(coretest.Task("a", "qq", ""), "12345", "1234\n", "123")
	b := coretest.Episode(coretest.Task("b", "rr", ""), "", "123 4")
	c := coretest.Episode(coretest.Task("c", "sss", ""), "1234567", "123456", "éééééé", "12345")
	for _, x := range []struct {
		cfg  Longest
		want []string
	}{
		{Longest{Within: 0}, []string{"c: 1234567"}},
		{Longest{Within: 1}, []string{"c: 1234567", "c: 123456", "c: éééééé"}},
		{Longest{Within: 2}, []string{"a: 12345", "b: 123 4", "c: 1234567", "c: 123456", "c: éééééé", "c: 12345"}},
		{Longest{Within: 0, Among: "prompts"}, []string{"a: 12345", "b: 123 4", "c: 1234567"}},
		{Longest{Within: 1, Among: "prompts"}, []string{"a: 12345", "a: 1234\n", "b: 123 4", "c: 1234567", "c: 123456", "c: éééééé"}},
		{Longest{Within: 1, Limits: Limits{PerTask: 1}}, []string{"c: 1234567"}},
		{Longest{Within: 9, Limits: Limits{Seat: "critic"}}, nil},
		{Longest{Within: 0, Limits: Limits{Seat: "any"}}, []string{"c: 1234567"}},
	} {
		s, err := newLongest(t.Context(), nil, x.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := take(t, s, a, b, c); !slices.Equal(got, x.want) {
			t.Errorf("%+v keeps %q, want %q", x.cfg, got, x.want)
		}
	}
}
