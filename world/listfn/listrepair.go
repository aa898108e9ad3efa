package listfn

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pawl/registry"
)

func init() {
	register(Repair, registry.Doc{
		Summary: "Mend a wrong program on lists, given examples of what it shall do.",
		Detail:  "As listinduce, but a program is given that few changes make right: one operation is wrong, from level 4 on more are.",
		Example: "listrepair: {split: train, level: 3}",
	}, nil)
}

// mend makes it the puzzle of mending wrong. The error says why it is none.
func (z *puzzle) mend(wrong program) error {
	switch {
	case len(wrong) != z.size:
		return fmt.Errorf("mending a program of %d operations with %d", len(wrong), z.size)
	case wrong.agrees(z.shown):
		return fmt.Errorf("nothing is wrong with %s: it agrees with the examples", wrong)
	}
	z.wrong = wrong // of the right programs the one that changes least is demonstrated
	slices.SortStableFunc(z.right, func(a, b program) int { return changes(a, wrong) - changes(b, wrong) })
	return nil
}

// changes is how many operations of two programs of one length differ.
func changes(a, b program) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// mistaken is the first right program with n operations replaced. It may happen
// to be right.
func (z *puzzle) mistaken(r *rand.Rand, n int) program {
	q := slices.Clone(z.right[0])
	for _, i := range r.Perm(len(q))[:min(n, len(q))] {
		o := uint8(r.IntN(len(ops) - 1))
		if o >= q[i] {
			o++
		}
		q[i] = o
	}
	return q
}
