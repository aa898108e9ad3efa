package chain

import (
	"math/rand/v2"
	"slices"
)

// derive draws a legal derivation: steps of two operands and their result.
func derive(op operation, free bool, numbers []int, rng *rand.Rand) [][3]int {
	left := slices.Clone(numbers)
	steps := make([][3]int, 0, len(left)-1)
	for len(left) > 1 {
		i, j := 0, 1
		if free {
			i = rng.IntN(len(left))
			if j = rng.IntN(len(left) - 1); j >= i {
				j++
			}
		}
		r := op.of(left[i], left[j])
		steps = append(steps, [3]int{left[i], left[j], r})
		if free {
			left = slices.Delete(left, max(i, j), max(i, j)+1)
			left[min(i, j)] = r
		} else {
			left = left[1:]
			left[0] = r
		}
	}
	return steps
}
