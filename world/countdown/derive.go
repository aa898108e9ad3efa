package countdown

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// step is a op b = result in whole numbers.
type step struct {
	a, b, result int
	op           byte
}

// compact writes steps in the compact dialect.
func compact(steps []step) string { return written(steps, "", ",") }

func written(steps []step, space, between string) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteString(between)
		}
		fmt.Fprintf(&b, "%d%s%c%s%d%s=%s%d", s.a, space, s.op, space, s.b, space, space, s.result)
	}
	return b.String()
}

// derive draws derivations until one ends within the limit of targets. Every derivation
// is legal, so the target that the last one reaches is solvable.
func derive(numbers []int, limit int, rng *rand.Rand) []step {
	for try := 0; ; try++ {
		left := slices.Clone(numbers)
		var steps []step
		for len(left) > 1 {
			i := rng.IntN(len(left))
			a := left[i]
			left = slices.Delete(left, i, i+1)
			j := rng.IntN(len(left))
			s := drawStep(a, left[j], limit, rng)
			if try >= 100 { // small targets of large numbers: keep the values small
				s = shrink(a, left[j])
			}
			left[j] = s.result
			steps = append(steps, s)
		}
		// A chain of shrinking steps may end above a very low target; then
		// that value is the target, which keeps every instance usable.
		if last := steps[len(steps)-1].result; last <= limit || try >= 200 {
			return steps
		}
	}
}

// drawStep combines a and b by one of the operations that give a whole number
// of at least 1. Products far above the largest target are left out.
func drawStep(a, b, target int, rng *rand.Rand) step {
	for {
		switch op := "+-*/"[rng.IntN(4)]; {
		case op == '+':
			return step{a, b, a + b, op}
		case op == '-' && a > b:
			return step{a, b, a - b, op}
		case op == '*' && a*b <= 10*target:
			return step{a, b, a * b, op}
		case op == '/' && a%b == 0:
			return step{a, b, a / b, op}
		}
	}
}

func shrink(a, b int) step {
	a, b = max(a, b), min(a, b)
	if a == b {
		return step{a, b, 1, '/'}
	}
	return step{a, b, a - b, '-'}
}
