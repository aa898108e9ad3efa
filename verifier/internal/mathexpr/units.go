package mathexpr

import (
	"math/big"
	"slices"
	"strings"
)

// singular is a word of a unit without its plural.
func singular(w string) string {
	switch {
	case w == "feet":
		return "foot"
	case w == "inches":
		return "inch"
	case len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss"):
		return w[:len(w)-1]
	}
	return w
}

// unitWords are the words of a unit that carry meaning.
func unitWords(u string) []string {
	var out []string
	for _, w := range strings.Fields(u) {
		switch w = singular(w); w {
		case "of", "the", "a", "an":
		case "unit":
		default:
			out = append(out, w)
		}
	}
	return out
}

// units compares two measured values whose units differ in writing; nil leaves
// it to the values alone.
func (c *comparison) units(ua, ub string, a, b *node) *Verdict {
	wa, wb := unitWords(ua), unitWords(ub)
	if slices.Equal(wa, wb) || len(wa) == 0 || len(wb) == 0 {
		return nil
	}
	ma, okA := measures[strings.Join(wa, "")]
	mb, okB := measures[strings.Join(wb, "")]
	verdict := Unsure
	switch {
	case okA && okB && ma.dimension == mb.dimension:
		fa, _ := new(big.Rat).SetString(ma.inBase)
		fb, _ := new(big.Rat).SetString(mb.inBase)
		verdict = c.marked(tree(opMul, a, &node{op: opNum, num: fa}), tree(opMul, b, &node{op: opNum, num: fb}))
	case okA && okB:
		c.why = "their units measure different things"
		verdict = Different
	default: // words that are not known: the values can tell them apart, not make them the same
		if c.marked(a, b) == Different {
			verdict = Different
		} else if !shaping(wa) && !shaping(wb) && (within(wa, wb) || within(wb, wa)) {
			verdict = Equal
		} else {
			c.why = "their units are not known to be the same"
		}
	}
	return &verdict
}

// shaping tells whether words of a unit change what it measures: square
// meters are no meters.
func shaping(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		switch w {
		case "square", "squared", "sq", "cubic", "cubed", "cu", "per", "/", "^2", "^3", "half", "pair", "million", "thousand":
			return true
		}
		return false
	})
}

// within tells whether all words of a are in b: apples, and red apples.
func within(a, b []string) bool {
	for _, w := range a {
		if !slices.Contains(b, w) {
			return false
		}
	}
	return true
}
