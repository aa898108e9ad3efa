package core_test

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"

	"pgregory.net/rapid"
)

func TestStepEnds(t *testing.T) {
	for name, c := range map[string]struct {
		text []string
		ends []int
		want []int // nil: an error
	}{
		"bytes":                          {[]string{"a", ";", "b", "c", ""}, []int{2, 4}, []int{1, 4}},
		"a token that two steps share":   {[]string{"ab;", "c;d", ""}, []int{3, 5, 6}, []int{0, 1, 2}},
		"words":                          {[]string{"3", " 17", " 5"}, []int{4, 6}, []int{1, 2}},
		"a character of several tokens":  {[]string{"", "é", "x"}, []int{2, 3}, []int{1, 2}},
		"one step":                       {[]string{"a", "b", ""}, []int{2}, []int{2}},
		"the text is cut shorter":        {[]string{"a", ""}, []int{1, 5}, []int{0, 1}},
		"no step":                        {[]string{"a"}, nil, []int{}},
		"no token":                       {nil, []int{0}, nil},
		"two steps end in the one token": {[]string{"abc"}, []int{1, 3}, nil},
	} {
		got, err := core.StepEnds(c.text, c.ends)
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %v (%v), want %v", name, got, err, c.want)
		}
	}
}

// However a text is cut into tokens, a step ends in the first token by which all
// of it has been said.
func TestStepEndsInTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.StringMatching("[ab]{0,3}"), 1, 12).Draw(t, "tokens")
		whole := len(strings.Join(text, ""))
		steps := rapid.SliceOfNDistinct(rapid.IntRange(1, max(1, whole)), 1, 4, rapid.ID[int]).Draw(t, "ends")
		slices.Sort(steps)
		at, err := core.StepEnds(text, steps)
		if err != nil {
			return
		}
		for k, end := range steps[:len(steps)-1] {
			if n := len(strings.Join(text[:at[k]+1], "")); n < end || len(strings.Join(text[:at[k]], "")) >= end {
				t.Fatalf("step %d of %v ends at %d in token %d of %q", k, steps, end, at[k], text)
			}
		}
		if at[len(at)-1] != len(text)-1 {
			t.Fatalf("the last step ends in token %d of %d", at[len(at)-1], len(text))
		}
	})
}
