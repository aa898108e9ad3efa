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

// In forward addition sums of two numbers of three digits have three or four.
// The paper's code, its threshold 2, keeps both where one has four, and drops
// two digits; its threshold 1 keeps the longest alone.
func TestLongestAsThePublishedThresholds(t *testing.T) {
	a := coretest.Episode(coretest.Task("a", "512+634=", ""), "1146", "114")
	b := coretest.Episode(coretest.Task("b", "123+456=", ""), "579", "57")
	for threshold, want := range map[int][]string{2: {"a: 1146", "a: 114", "b: 579"}, 1: {"a: 1146"}} {
		s, err := newLongest(t.Context(), nil, Longest{Within: threshold - 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := take(t, s, a, b); !slices.Equal(got, want) {
			t.Errorf("threshold %d keeps %q, want %q", threshold, got, want)
		}
	}
}
