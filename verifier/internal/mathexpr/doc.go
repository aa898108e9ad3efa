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
// Where answers are written in ways that do not mean the same to all, these are
// the rules:
//
//   - A unit that one side leaves out does not matter, and a word that changes
//     the number does: 5 apples are 5, 5 tenths and 5 thousand are not.
//   - 50% is 50 and 0.5, and a degree is a bare number and pi/180.
//   - A comma between thousands makes a number. Against a list of the same
//     digits it is unsure.
//   - Letters are numbers and commute, unless they are bold, have an arrow or
//     are capitals with an inverse: those may be vectors or matrices.
//   - A function is the same where a factor cancels at single points, as x^2/x
//     and x do, and not where one side has a smaller domain: sqrt(x)^2 and x.
//   - Odd roots of negative numbers are real; other powers take principal
//     values, and a constant may be complex where it is not real.
//   - Names of values may be left out where their order says the same: x = 1,
//     y = 2 is (1,2), and y = 2, x = 1 is unsure.
//   - Plus-minus signs of one answer may go together or not, and both readings
//     have to agree; a minus-plus says that they go together.
//   - What looks like a time, a date or a span is no quotient and no difference.
//   - Equal is a claim about every value, so that a difference that could hide
//     where nobody looked, beyond a corner or below the last digit computed,
//     is looked for there, and else nothing is claimed.
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
