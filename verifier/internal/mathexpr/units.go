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

// abbreviations of units, as words of a unit.
var abbreviations = map[string]string{
	"mm": "millimeter", "cm": "centimeter", "dm": "decimeter", "m": "meter", "km": "kilometer", "metre": "meter", "in": "inch", "ft": "foot", "yd": "yard", "mi": "mile",
	"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "mg": "milligram", "g": "gram", "kg": "kilogram", "lb": "pound", "oz": "ounce",
	"l": "liter", "litre": "liter", "ml": "milliliter", "mph": "mile / hour", "kph": "kilometer / hour", "usd": "dollar", "per": "/", "sq": "square", "cu": "cubic",
}

// unitWords are the words of a unit that carry meaning, in one spelling:
// square cm is centimeter ^2.
func unitWords(u string) []string {
	var out []string
	power := ""
	for _, w := range strings.Fields(u) {
		w = singular(w)
		if long := abbreviations[w]; long != "" {
			w = long
		}
		switch w {
		case "of", "the", "a", "an":
			continue
		case "square":
			power = "^2"
			continue
		case "cubic":
			power = "^3"
			continue
		}
		if w != "unit" {
			out = append(out, strings.Fields(w)...)
		}
		if power != "" {
			out = append(out, power)
			power = ""
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
		case "/", "^2", "^3", "nautical", "metric", "imperial", "fluid", "light", "long", "troy", "board":
			return true
		}
		return weighty[w]
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

// drops tells whether a unit that the other side leaves out says more than what
// is counted: 5 thousandths are not 5. Of square meters only the square is a
// word that otherwise would.
func drops(u string) bool {
	fields := strings.Fields(u)
	for i, w := range fields {
		if w = singular(w); weighty[w] && !(w == "square" && i+1 < len(fields)) {
			return true
		}
	}
	return false
}

// asUnit reads the letters after a number as its unit, as in 5 m/s and 5 m^2:
// the unit in words, and the number. It is nil where the tree is none.
func asUnit(n *node) (string, *node) {
	letter := func(m *node) string {
		if m.op == opSym && len(m.name) == 1 && strings.Contains(unitLetters, m.name) {
			return strings.ToLower(m.name)
		}
		if m.op == opPow && m.args[0].op == opSym && len(m.args[0].name) == 1 && strings.Contains(unitLetters, m.args[0].name) && (m.args[1].isInt(2) || m.args[1].isInt(3)) {
			return strings.ToLower(m.args[0].name) + " ^" + m.args[1].num.RatString()
		}
		return ""
	}
	if n.op == opDiv {
		below := letter(n.args[1])
		above, value := asUnit(n.args[0])
		if below != "" && value != nil {
			return above + " / " + below, value
		}
		return "", nil
	}
	if n.op == opMul && len(n.args) == 2 && len(n.args[0].variables()) == 0 {
		if u := letter(n.args[1]); u != "" {
			return u, n.args[0]
		}
	}
	return "", nil
}

// ChangesNumber tells whether words behind a number are no unit of it, but
// multiply it, bound it or take it back: 5 thousand, 5 or more, 5 and a half.
func ChangesNumber(words string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(words)), func(w string) bool {
		s := singular(w)
		_, number := spelt[w]
		return number || weighty[s] && s != "square" && s != "pair" && s != "percentage" || magnitudes[s] != 0 || connectives[w] && w != "in" && w != "for" && w != "with" && w != "from" && w != "at" && w != "by" && w != "all"
	})
}
