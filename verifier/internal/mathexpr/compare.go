package mathexpr

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Compare decides whether two answers are the same, and says why. It never
// panics, and its work is bounded.
func Compare(a, b string, o Options) (v Verdict, why string) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(big.ErrNaN); !ok { // an infinity met another
				panic(r)
			}
			v, why = Unsure, errTooLarge.Error()
		}
	}()
	if strings.TrimSpace(a) == strings.TrimSpace(b) && strings.TrimSpace(a) != "" {
		return Equal, ""
	}
	c := comparison{Options: o, work: budget{maxWork}}
	v = c.texts(a, b)
	return v, c.why
}

// texts compares two answers as they were written.
func (c *comparison) texts(a, b string) Verdict {
	if max(len(a), len(b)) > maxLength {
		if plain(a) == plain(b) {
			return Equal
		}
		c.why = fmt.Sprintf("an answer is longer than %d bytes", maxLength)
		return Unsure
	}
	a, b = clean(a), clean(b)
	if a == "" || b == "" {
		c.why = "there is no answer"
		return Unsure
	}
	pa, pb := plain(a), plain(b)
	if undressed(a) == undressed(b) || pa == pb && isName(a) {
		return Equal
	}
	if v := c.clocks(pa, pb); v != nil {
		return *v
	}
	if v := c.choices(a, b); v != nil {
		return *v
	}
	if span.MatchString(pa) != span.MatchString(pb) {
		for _, s := range []string{pa, pb} {
			if from, to, ok := strings.Cut(s, "-"); ok && span.MatchString(s) && ascending(from, to) {
				c.why = "one may be a span or a difference"
				return Unsure
			}
		}
	}
	if isName(a) && isName(b) {
		return c.names(pa, pb)
	}
	if inRadians.MatchString(a) && inDegrees.MatchString(b) || inDegrees.MatchString(a) && inRadians.MatchString(b) {
		c.why = "one is in degrees, the other in radians"
		return Unsure // a unit that is left out does not matter, and one of another kind does
	}
	ta, errA := c.trees(a)
	tb, errB := c.trees(b)
	if errA != nil || errB != nil {
		return c.proses(pa, pb, errA, errB)
	}
	return c.readings(ta, tb, a, b)
}

// tagged is a reading of an answer. All readings of slashes must agree. Of
// separators, one that is equal is enough where it reads 1,234 as a number; as
// a list it shows that nobody can tell.
type tagged struct {
	tree  *node
	tight bool
	comma bool // a comma is a decimal point
	list  bool // 1,234 is two numbers, where it may be one
}

var (
	inRadians = regexp.MustCompile(`\b(?:rad(?:ians?)?|gradians?|grads?|gon)\b`)
	inDegrees = regexp.MustCompile(`°|\\circ\b|\\degrees?\b|\bdeg(?:rees?)?\b`)
)

// thousandsOnly is a group of digits that no list has as an element: in 1,000
// it is not the list of 1 and 0.
var thousandsOnly = regexp.MustCompile(`[0-9],0[0-9]{2}(?:[^0-9]|$)`)

// trees are the readings of a text.
func (c *comparison) trees(s string) ([]tagged, error) {
	if isName(s) && !known(plain(s)) {
		return nil, fmt.Errorf("%q is a name", s)
	}
	if p := phrases[strings.ReplaceAll(plain(s), " ", "")]; p != "" {
		s = p
	}
	var out []tagged
	var first error
	for _, commas := range []bool{true, false} {
		if !commas && (len(out) == 0 || !strings.Contains(s, ",")) && first == nil {
			break
		}
		if !commas && len(out) > 0 && thousandsOnly.MatchString(s) {
			break
		}
		p, err := parse(s, reading{commas: commas})
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		if !commas && len(out) > 0 && out[0].tree.canon() == p.tree.canon() {
			break
		}
		list := !commas && len(out) > 0
		out = append(out, tagged{tree: p.tree, list: list})
		if p.loose {
			if q, err := parse(s, reading{commas: commas, tight: true}); err == nil && q.tree.canon() != p.tree.canon() {
				out = append(out, tagged{tree: q.tree, tight: true, list: list})
			}
		}
	}
	if whole, part, ok := strings.Cut(s, ","); ok && isNumeral(strings.TrimLeft(whole, "+-")) && isNumeral(part) &&
		(len(part) != 3 || len(whole) > 3 || whole[0] == '0') { // 1,22 as 1.22
		if p, err := parse(whole+"."+part, reading{}); err == nil {
			out = append(out, tagged{tree: p.tree, comma: true})
		}
	}
	if len(out) == 0 {
		return nil, first
	}
	return out, nil
}

// ascending tells whether a number is below another, as in 3-5: a span, unless
// it is a difference.
func ascending(from, to string) bool {
	a, ok := new(big.Rat).SetString(strings.Trim(from, "$%"))
	b, ok2 := new(big.Rat).SetString(strings.Trim(to, "$%"))
	return ok && ok2 && a.Cmp(b) < 0
}

// isNumeral tells whether a text is digits alone.
func isNumeral(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// readings compares all readings of two answers.
func (c *comparison) readings(as, bs []tagged, a, b string) Verdict {
	verdict := Different
	loose := map[bool]Verdict{} // by whether slashes bind loosely
	for _, ta := range as {
		for _, tb := range bs {
			if ta.comma && strings.Contains(b, ",") || tb.comma && strings.Contains(a, ",") {
				continue // a decimal comma only stands against a point
			}
			if ta.comma && !strings.Contains(b, ".") || tb.comma && !strings.Contains(a, ".") {
				continue
			}
			v := c.answers(c.settled(ta.tree), c.settled(tb.tree))
			if v == Equal && (ta.list || tb.list) {
				c.why = "1,234 may be one number or two"
				v = Unsure
			}
			tight := ta.tight || tb.tight
			if was, ok := loose[tight]; !ok || v == Equal || v == Unsure && was == Different {
				loose[tight] = v
			}
		}
	}
	verdict = loose[false]
	if v, ok := loose[true]; ok && v != verdict {
		c.why = "a/bc has two readings, and they differ"
		return Unsure
	}
	return verdict
}

// answers compares two trees by their shapes.
func (c *comparison) answers(a, b *node) Verdict {
	if a.canon() == b.canon() {
		return Equal
	}
	if ambiguous(a) || ambiguous(b) {
		ea, eb := expanded(a, false), expanded(b, false)
		if ambiguous(ea) || ambiguous(eb) {
			c.why = "it has too many plus-minus signs"
			return Unsure
		}
		v := c.answers(ea, eb)
		if c.answers(expanded(a, true), expanded(b, true)) != v {
			c.why = "whether several plus-minus signs go together is not said, and it matters"
			return Unsure
		}
		return v
	}
	a, b = expanded(a, true), expanded(b, true)
	if a.op == opRel && b.op == opRel && a.name == "=" && b.name == "=" {
		return c.equations(a, b)
	}
	if v := c.named(a, b); v != nil {
		return *v
	}
	if v := c.named(b, a); v != nil {
		return *v
	}
	if isCondition(a) || isCondition(b) || isRegion(a) || isRegion(b) {
		return c.regions(a, b)
	}
	switch {
	case a.op == opList || b.op == opList || a.op == opSet || b.op == opSet || a.op == opTuple || b.op == opTuple:
		return c.collections(a, b)
	case a.op == opRatio || b.op == opRatio:
		return c.ratios(a, b)
	case a.op == opBase || b.op == opBase:
		return c.bases(a, b)
	case a.op == opRel || b.op == opRel:
		c.why = "an equation stands against a value"
		if a.op == opRel && len(a.args) > 2 || b.op == opRel && len(b.args) > 2 {
			return Unsure // a chain that is not settled
		}
		if eq, other := a, b; len(a.variables()) == 0 && len(b.variables()) == 0 {
			if b.op == opRel {
				eq, other = b, a
			}
			if eq.name == "=" && len(eq.args) == 2 && c.answers(eq.args[0], eq.args[1]) == Equal { // 2 + 3 = 5
				return c.answers(eq.args[1], other)
			}
		}
		if variable(a) != "" || variable(b) != "" {
			return Unsure // which it may solve
		}
		return Different
	}
	if a.hasOp(opMatrix) || b.hasOp(opMatrix) {
		return c.matrices(a, b)
	}
	return c.measuredIn(a, b)
}

// isCondition tells whether a tree says what holds, rather than what a value is.
// An equation is none: it may name a value.
func isCondition(n *node) bool {
	return n.op == opAnd || n.op == opOr || n.op == opIn || n.op == opBuilder || n.op == opRel && n.name != "="
}

// isRegion tells whether a tree can only be a set of reals. A tuple is none: (1,2)
// is a point as well as an interval.
func isRegion(n *node) bool {
	return n.op == opUnion || n.op == opInter || n.op == opSym && n.name == `\R`
}

// named compares an answer with its name, such as x = 5, with one without.
func (c *comparison) named(a, b *node) *Verdict {
	if a.op != opRel || a.name != "=" || len(a.args) != 2 || b.op == opRel || isCondition(b) && b.op != opIn {
		return nil
	}
	lhs, rhs := a.args[0], a.args[1]
	if !nameLike(lhs) && nameLike(rhs) {
		lhs, rhs = rhs, lhs
	}
	if !nameLike(lhs) && !(quotientOfNames(lhs) && len(rhs.variables()) == 0) {
		return nil
	}
	for _, v := range rhs.variables() { // y = y + 1 names nothing
		if lhs.op == opSym && lhs.name == v {
			return nil
		}
	}
	v := c.answers(rhs, b)
	if v == Equal && lhs.op == opTuple && !inPlace(texts(lhs.args)) {
		c.why = "the names of one are in an order of their own"
		v = Unsure // (y,x) = (1,2)
	}
	return &v
}

// measuredIn compares single values, one of which may carry a unit that looks
// like a variable: 5 m^2.
func (c *comparison) measuredIn(a, b *node) Verdict {
	v := c.scalars(a, b)
	if v != Different {
		return v
	}
	for _, pair := range [][2]*node{{a, b}, {b, a}} {
		n, other := pair[0], pair[1]
		if other.op == opUnit { // 5 m^2 beside 5 cm^2
			if unit, value := asUnit(n); value != nil {
				return c.scalars(&node{op: opUnit, name: unit, args: []*node{value}}, other)
			}
			if len(n.variables()) > 0 {
				return v
			}
			continue
		}
		letters := n.variables()
		if len(letters) == 0 || len(other.variables()) > 0 || leading(n).op != opNum {
			continue
		}
		bare := n
		for _, l := range letters {
			if !strings.Contains(unitLetters, l) {
				bare = nil
				break
			}
			bare = bare.with(l, number(1))
		}
		if bare == nil || c.scalars(bare, other) == Different {
			continue
		}
		if composed := n.op == opDiv || n.hasOp(opPow); composed { // 5 m/s, 5 m^2
			return c.scalars(bare, other)
		}
		c.why = fmt.Sprintf("%s may be a unit or a variable", strings.Join(letters, " and "))
		return Unsure
	}
	return v
}

// leading is the first factor of a product or quotient.
func leading(n *node) *node {
	for n.op == opMul || n.op == opDiv {
		n = n.args[0]
	}
	return n
}

// Rational is the value of an answer that is one rational number, as a reduced
// fraction: a key for counting votes.
func Rational(s string) (string, bool) {
	if len(s) > maxLength {
		return "", false
	}
	s = clean(s)
	p, err := parse(s, reading{commas: true})
	if err != nil || p.loose {
		return "", false
	}
	_, n := (&comparison{work: budget{maxWork / 16}}).settled(p.tree).unit()
	if n.op == opRel && n.name == "=" && len(n.args) == 2 && nameLike(n.args[0]) {
		_, n = n.args[1].unit()
	}
	r, err := exact{work: &budget{maxWork / 16}}.eval(unmarked(n, true, false))
	if err != nil || size(r) > 4096 {
		return "", false
	}
	return r.RatString(), true
}
