package constraint

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// expr is a set of texts, as a tree.
type expr struct {
	op       op
	text     string  // opText
	ranges   []rune  // opClass: pairs of first and last
	subs     []*expr // opSeq, opAlt; opRepeat has one
	min, max int     // opRepeat; max -1 is no limit
	rule     string  // opCall
}

type op uint8

const (
	opText op = iota
	opClass
	opSeq
	opAlt // without subs: nothing matches
	opRepeat
	opCall
)

func text(s string) *expr        { return &expr{op: opText, text: s} }
func class(ranges ...rune) *expr { return &expr{op: opClass, ranges: ranges} }
func seq(subs ...*expr) *expr    { return &expr{op: opSeq, subs: subs} }
func alt(subs ...*expr) *expr    { return &expr{op: opAlt, subs: subs} }
func repeat(e *expr, atLeast, atMost int) *expr {
	return &expr{op: opRepeat, subs: []*expr{e}, min: atLeast, max: atMost}
}
func call(rule string) *expr { return &expr{op: opCall, rule: rule} }
func maybe(e *expr) *expr    { return repeat(e, 0, 1) }

// node is a state of the automaton of one rule.
type node struct {
	bytes []byteEdge
	empty []int32
	calls []callEdge
	final bool // the rule may end here
}

type byteEdge struct {
	lo, hi byte
	to     int32
}

// callEdge goes on at to after a text of rule.
type callEdge struct{ rule, to int32 }

// maxNodes bounds a grammar's size: counted repetitions multiply.
const maxNodes = 1 << 18

// maxParts bounds the work of making them, which repeated empty texts need, too.
const maxParts = 1 << 22

// builder makes nodes of trees (Thompson 1968).
type builder struct {
	nodes []node
	parts int
	rules map[string]int32 // numbers of rules
	err   error
}

func (b *builder) node() int32 {
	if len(b.nodes) >= maxNodes {
		if b.err == nil {
			b.err = fmt.Errorf("the grammar is too large: more than %d states; are there large repetition counts?", maxNodes)
		}
		return 0
	}
	b.nodes = append(b.nodes, node{})
	return int32(len(b.nodes) - 1)
}

func (b *builder) skip(from, to int32) {
	b.nodes[from].empty = append(b.nodes[from].empty, to)
}

// add appends e after from and returns where it ends.
func (b *builder) add(e *expr, from int32) int32 {
	if b.parts++; b.parts > maxParts && b.err == nil {
		b.err = fmt.Errorf("the grammar is too large: more than %d parts; are there repetitions of repetitions?", maxParts)
	}
	if b.err != nil {
		return from
	}
	switch e.op {
	case opText:
		for i := range len(e.text) {
			to := b.node()
			b.nodes[from].bytes = append(b.nodes[from].bytes, byteEdge{e.text[i], e.text[i], to})
			from = to
		}
		return from
	case opClass:
		to := b.node()
		for i := 0; i < len(e.ranges); i += 2 {
			utf8Ranges(e.ranges[i], e.ranges[i+1], func(lo, hi []byte) { b.bytes(lo, hi, from, to) })
		}
		return to
	case opSeq:
		for _, s := range e.subs {
			from = b.add(s, from)
		}
		return from
	case opAlt:
		to := b.node()
		for _, s := range e.subs {
			start := b.node() // so that a loop of one branch is not entered from another
			b.skip(from, start)
			b.skip(b.add(s, start), to)
		}
		return to
	case opRepeat:
		return b.repeat(e, from)
	case opCall:
		rule, ok := b.rules[e.rule]
		if !ok {
			b.err = fmt.Errorf("there is no rule %q", e.rule)
			return from
		}
		to := b.node()
		b.nodes[from].calls = append(b.nodes[from].calls, callEdge{rule, to})
		return to
	}
	panic("constraint: unknown expression")
}

func (b *builder) repeat(e *expr, from int32) int32 {
	for range e.min {
		from = b.add(e.subs[0], from)
		if b.err != nil {
			return from
		}
	}
	if e.max < 0 {
		loop, end := b.node(), b.node()
		b.skip(from, loop)
		b.skip(b.add(e.subs[0], loop), loop)
		b.skip(loop, end)
		return end
	}
	end := b.node()
	b.skip(from, end)
	for range e.max - e.min {
		start := b.node()
		b.skip(from, start)
		from = b.add(e.subs[0], start)
		if b.err != nil {
			return from
		}
		b.skip(from, end)
	}
	return end
}

// bytes adds a path of byte ranges.
func (b *builder) bytes(lo, hi []byte, from, to int32) {
	for i := range lo {
		next := to
		if i < len(lo)-1 {
			next = b.node()
		}
		b.nodes[from].bytes = append(b.nodes[from].bytes, byteEdge{lo[i], hi[i], next})
		from = next
	}
}

// utf8Ranges cuts the runes lo to hi into ranges whose encodings are all the
// sequences of a range of bytes each, and calls f for each.
func utf8Ranges(lo, hi rune, f func(lo, hi []byte)) {
	if lo > hi {
		return
	}
	for _, last := range []rune{0x7f, 0x7ff, 0xd7ff, 0xdfff, 0xffff} {
		if lo <= last && last < hi {
			utf8Ranges(lo, last, f)
			utf8Ranges(last+1, hi, f)
			return
		}
	}
	if lo >= 0xd800 && hi <= 0xdfff || lo > utf8.MaxRune {
		return // no characters
	}
	hi = min(hi, utf8.MaxRune)
	for i := 1; i < utf8.RuneLen(lo); i++ {
		low := rune(1)<<(6*i) - 1 // bits of the last i bytes
		if lo&^low == hi&^low {
			continue
		}
		if lo&low != 0 {
			utf8Ranges(lo, lo|low, f)
			utf8Ranges(lo|low+1, hi, f)
			return
		}
		if hi&low != low {
			utf8Ranges(lo, hi&^low-1, f)
			utf8Ranges(hi&^low, hi, f)
			return
		}
	}
	f(utf8.AppendRune(nil, lo), utf8.AppendRune(nil, hi))
}

// complement is all characters that are not in ranges.
func complement(ranges []rune) []rune {
	pairs := make([][2]rune, 0, len(ranges)/2)
	for i := 0; i < len(ranges); i += 2 {
		pairs = append(pairs, [2]rune{ranges[i], ranges[i+1]})
	}
	slices.SortFunc(pairs, func(a, b [2]rune) int { return int(a[0]) - int(b[0]) })
	var out []rune
	next := rune(0)
	for _, p := range pairs {
		if next < p[0] {
			out = append(out, next, p[0]-1)
		}
		next = max(next, p[1]+1)
	}
	if next <= utf8.MaxRune {
		out = append(out, next, utf8.MaxRune)
	}
	return out
}
