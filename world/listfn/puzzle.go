package listfn

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pawl/core"
)

// Hidden is how many examples decide beside the shown ones.
const Hidden = 8

// maxSize is the largest number of operations that is searched through.
const maxSize = 3

// maxDrawn is the largest number of numbers of a list in tasks.
const maxDrawn = 9

// maxShown is the largest number of shown examples.
const maxShown = 5

// puzzle is an instance of listinduce or listrepair, solved.
type puzzle struct {
	size   int
	wrong  program   // the program to mend; nil where there is none
	shown  []example // what the prompt tells
	hidden []example // what it does not
	right  []program // all short programs that are right, of size operations each, the demonstrated one first
}

// pose solves the puzzle of the shown examples. The error says why it is none:
// no short program agrees with them, a shorter one would do, or they leave open
// what the hidden examples are.
func pose(size int, shown []example) (*puzzle, error) {
	if size < 1 || size > maxSize || len(shown) == 0 {
		return poseAmong(nil, size, shown)
	}
	return poseAmong(fitting(shown[0], size), size, shown)
}

// poseAmong is pose where the programs that agree with the first example are
// known.
func poseAmong(fit []program, size int, shown []example) (*puzzle, error) {
	switch {
	case size < 1 || size > maxSize:
		return nil, fmt.Errorf("programs of %d operations: from 1 to %d can be searched for", size, maxSize)
	case len(shown) < 1 || len(shown) > maxShown:
		return nil, fmt.Errorf("%d examples: there must be from 1 to %d", len(shown), maxShown)
	}
	for _, e := range shown {
		if e.in.n == 0 {
			return nil, fmt.Errorf("an example of the empty list tells too little")
		}
	}
	z := &puzzle{size: size, shown: shown, right: shortest(fit, shown)}
	if len(z.right) == 0 {
		return nil, fmt.Errorf("no program of at most %d operations agrees with the examples", size)
	}
	first := z.right[0]
	if len(first) < size {
		return nil, fmt.Errorf("%s agrees with the examples and has fewer than %d operations", first, size)
	}
	z.hidden = hide(shown)
	for i, e := range z.hidden {
		z.hidden[i].out = first.run(e.in)
	}
	for _, q := range z.right[1:] {
		if !q.agrees(z.hidden) {
			return nil, fmt.Errorf("%s and %s agree with the examples, but not with each other", first, q)
		}
	}
	return z, nil
}

// hide draws the inputs of the hidden examples, from the shown alone: lists as
// long as the longest of those, and one shorter.
func hide(shown []example) []example {
	h := core.NewHasher("listfn hidden")
	longest := uint8(0)
	for _, e := range shown {
		h.String(e.in.String()).String(e.out.String())
		longest = max(longest, e.in.n)
	}
	seed := h.Seed()
	r := rand.New(rand.NewPCG(seed, 0))
	hidden := make([]example, Hidden)
	for i := range hidden {
		hidden[i].in = draw(r, int(longest)-i%2)
	}
	return hidden
}

// draw is a list of n digits.
func draw(r *rand.Rand, n int) (l list) {
	for range n {
		l.push(r.IntN(10))
	}
	return l
}

// rightly tells whether p agrees with all examples.
func (z *puzzle) rightly(p program) bool { return p.agrees(z.shown) && p.agrees(z.hidden) }

// after is the shown examples with the first operations of p carried out on
// their inputs.
func (z *puzzle) after(p program) []example {
	to := slices.Clone(z.shown)
	for i, e := range to {
		to[i].in = p.run(e.in)
	}
	return to
}

// makePuzzle draws a puzzle whose first input is given and for which f is
// right. Where the inputs that it draws beside that leave something open it
// draws again, more of them in the long run. The second input is one shorter
// than the first, since many programs differ in that only.
func makePuzzle(r *rand.Rand, f program, first list, of sizes) *puzzle {
	fit := fitting(example{first, f.run(first)}, len(f))
	for attempt := 0; ; attempt++ {
		shown := make([]example, min(of.examples+min(attempt/24, 1)+attempt/1024, maxShown))
		for i := range shown {
			in := first
			if i > 0 {
				in = draw(r, of.length-max(r.IntN(2), i%2))
			}
			shown[i] = example{in, f.run(in)}
		}
		z, err := poseAmong(fit, len(f), shown)
		if err == nil && of.mistakes > 0 {
			err = z.mend(z.mistaken(r, of.mistakes))
		}
		if err == nil {
			return z
		}
	}
}
