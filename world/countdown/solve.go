package countdown

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
)

// Solve finds an expression over all numbers that gives target, by trying
// every one in exact fractions. The order of the search is fixed.
func Solve(numbers []int64, target int64) (expression string, found bool) {
	type value struct {
		v    *big.Rat
		text string
	}
	goal := new(big.Rat).SetInt64(target)
	var search func(left []value) (string, bool)
	search = func(left []value) (string, bool) {
		if len(left) == 1 {
			return left[0].text, left[0].v.Cmp(goal) == 0
		}
		for i := range left {
			for j := range left {
				if i == j {
					continue
				}
				rest := make([]value, 0, len(left)-1)
				for k, x := range left {
					if k != i && k != j {
						rest = append(rest, x)
					}
				}
				for _, op := range []byte("+-*/") {
					if (op == '+' || op == '*') && i > j {
						continue
					}
					r, err := apply(op, left[i].v, left[j].v)
					if err != nil {
						continue
					}
					text := fmt.Sprintf("(%s %c %s)", left[i].text, op, left[j].text)
					if text, ok := search(append(rest, value{r, text})); ok {
						return text, true
					}
				}
			}
		}
		return "", false
	}
	if len(numbers) == 0 {
		return "", false
	}
	var start []value
	for _, n := range numbers {
		start = append(start, value{new(big.Rat).SetInt64(n), strconv.FormatInt(n, 10)})
	}
	return search(start)
}

// search finds steps in whole numbers above 0 that use all numbers and end at
// target. It tries every way; with r in random order.
func search(numbers []int, target int, r *rand.Rand) ([]step, bool) {
	if len(numbers) == 1 {
		return nil, numbers[0] == target
	}
	type pair struct{ i, j int }
	var pairs []pair
	for i := range numbers {
		for j := range i {
			pairs = append(pairs, pair{i, j})
		}
	}
	if r != nil {
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	}
	for _, p := range pairs {
		a, b := numbers[p.i], numbers[p.j]
		rest := make([]int, 0, len(numbers)-1)
		for k, n := range numbers {
			if k != p.i && k != p.j {
				rest = append(rest, n)
			}
		}
		rest = append(rest, 0)
		choices := options(a, b)
		if r != nil {
			r.Shuffle(len(choices), func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
		}
		for _, s := range choices {
			rest[len(rest)-1] = s.result
			if more, ok := search(rest, target, r); ok {
				return append([]step{s}, more...), true
			}
		}
	}
	return nil, false
}

// options are the steps that combine two numbers to a whole one above 0, huge
// products left out.
func options(a, b int) []step {
	const huge = 1_000_000_000_000
	all := []step{{a, b, a + b, '+'}}
	if a <= huge/b {
		all = append(all, step{a, b, a * b, '*'})
	}
	if a < b {
		a, b = b, a
	}
	if a > b {
		all = append(all, step{a, b, a - b, '-'})
	}
	if a%b == 0 {
		all = append(all, step{a, b, a / b, '/'})
	}
	return all
}
