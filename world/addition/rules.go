package addition

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"

	"pawl/core"
	"pawl/world"
)

// steps are the digits, as they are written.
func steps(text string) []string { return strings.Split(text, "") }

// flaw forgets the carry into one column, or where there is none carries
// anyway or slips by one. The columns after it are right by themselves.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, err := decode(raw)
	if err != nil {
		return "", err
	}
	sum := addDigits(ref.X, ref.Y)
	column := r.IntN(len(sum))
	by := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(column)), nil)
	if carries(ref.X, ref.Y, column) || r.IntN(3) == 0 {
		by.Neg(by)
	}
	n, _ := new(big.Int).SetString(sum, 10)
	if n.Add(n, by).Sign() < 0 {
		n.Neg(n)
	}
	return ref.written(n.String()), nil
}

// carries tells whether the columns below one (0 is the units) carry into it.
func carries(x, y string, column int) bool {
	carry := 0
	for i := range column {
		carry = (digit(x, i) + digit(y, i) + carry) / 10
	}
	return carry == 1
}

// digit is the i-th digit from behind, 0 in front of the number.
func digit(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	return int(s[len(s)-1-i] - '0')
}

var promptPattern = regexp.MustCompile(`^(0|[1-9]\d*)\+(0|[1-9]\d*)=$`)

// read takes the answer in forward order, which prompts do not tell. The
// numbers may differ in length.
func read(prompt string) (core.Task, error) {
	m := promptPattern.FindStringSubmatch(prompt)
	if m == nil || len(prompt) > 20_000 {
		return core.Task{}, fmt.Errorf("reading a prompt of addition: %.60q is no sum of two numbers, as in 12+34=", prompt)
	}
	sum := addDigits(m[1], m[2])
	return world.NewTask("addition", "addition/posed/"+m[1]+"+"+m[2], prompt, reference{
		Reference: core.Reference{Answer: sum, Solution: sum, World: "addition"},
		X:         m[1], Y: m[2], Order: "forward", Dialect: world.Compact,
	}), nil
}
