// Package mathexpr reads the final answers of mathematics problems, as LaTeX or
// as plain text, and decides whether two of them are the same.
//
// There are three verdicts, since a grader that must say yes or no is wrong
// somewhere: Equal and Different are claims, Unsure is none. An answer goes
// through these stages:
//
//	scan     text to tokens: LaTeX commands, Unicode signs, numbers with separators
//	parse    tokens to a tree; where notation has two readings, to both
//	compare  by shape: lists, sets, tuples, intervals, equations, inequalities
//	scalars  exactly, over the rationals; else by evaluation
//
// Two expressions without variables are compared over math/big's rationals
// where both are rational. Otherwise both are evaluated at two precisions: a
// difference that is really nought shrinks with the precision, one that is not
// stays where it is, and anything in between is Unsure. Expressions with
// variables are evaluated so at random points of fixed seeds: one point at
// which they differ refutes, all points at which both are defined must agree
// to confirm. That is the test of Schwartz (Fast probabilistic algorithms for
// verification of polynomial identities, 1980) for rational functions, which
// are evaluated over a prime field, and sampling for the rest.
//
// Work is bounded, never timed: by the length of the text, the depth of the
// tree, the size of numbers and a budget of arithmetic, so that a verdict is
// the same on every machine. What passes a bound is Unsure.
package mathexpr

// Verdict is the outcome of a comparison.
type Verdict int8

// The verdicts. The zero one claims nothing.
const (
	Unsure Verdict = iota
	Equal
	Different
)

func (v Verdict) String() string {
	switch v {
	case Equal:
		return "equal"
	case Different:
		return "different"
	}
	return "unsure"
}

// Options of a comparison. The zero value is exact.
type Options struct {
	// Tolerance is the largest relative difference between two numbers, one of
	// them written as a decimal, at which they are the same; 0 for none.
	Tolerance float64
	// Ordered makes the order of a bare list count: 1, 2 is then not 2, 1.
	Ordered bool
}

// Bounds of an answer and of a comparison.
const (
	maxLength = 4096    // bytes of text that are parsed
	maxDepth  = 200     // of nesting
	maxItems  = 64      // of a list or set
	maxBits   = 1 << 16 // of a number
	maxWork   = 1 << 21 // units of arithmetic, each some tenths of a microsecond

	maxFactorial = 6000 // of which a factorial is taken
)
