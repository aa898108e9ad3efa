package countdown

import (
	"fmt"
	"math/big"
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
