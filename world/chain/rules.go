package chain

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// steps cuts after every third word.
func steps(text string) []string {
	var cut []string
	words, start := 0, 0
	inside := false
	for i, r := range text {
		space := strings.ContainsRune(" \n\t", r)
		if space && inside {
			if words++; words%3 == 0 {
				cut, start = append(cut, text[start:i]), i
			}
		}
		inside = !space
	}
	if start < len(text) {
		cut = append(cut, text[start:])
	}
	return cut
}

// Mistakes of a flaw.
const (
	wrongResult  = iota // of a legal step
	wrongOperand        // a number that is not among those left
	forgotten           // the last step is missing
	mistakes
)

// flaw derives with one mistake. What follows is right by itself, so that the
// answer is wrong: no later step can make up for it.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, op, err := decode(raw)
	if err != nil {
		return "", err
	}
	kind := r.IntN(mistakes)
	free := ref.Order != "fixed"
	if kind == forgotten && len(ref.Numbers) > 2 {
		all := derive(op, free, ref.Numbers, r)
		return written(all[:len(all)-1]), nil
	}
	at := r.IntN(len(ref.Numbers) - 1) // the step that goes wrong
	before := derive(op, free, ref.Numbers, r)[:at]
	left := slices.Clone(ref.Numbers)
	for _, s := range before {
		left = replaced(left, s)
	}
	last := derive(op, free, left, r)[0]
	rest := replaced(left, last)
	other := otherThan(left, ref.Modulus, r)
	if kind != wrongOperand || other < 0 {
		right := last[2]
		last[2] = (right + 1 + r.IntN(ref.Modulus-1)) % ref.Modulus
		rest[slices.Index(rest, right)] = last[2]
	} else {
		right := last[2]
		last[1] = other
		last[2] = op.of(last[0], other)
		rest[slices.Index(rest, right)] = last[2]
	}
	all := append(slices.Clone(before), last)
	if len(rest) > 1 {
		all = append(all, derive(op, free, rest, r)...)
	}
	return written(all), nil
}

// replaced is left with the operands of a step replaced by its result, which
// takes the place of the first operand.
func replaced(left []int, s [3]int) []int {
	left = slices.Clone(left)
	a := slices.Index(left, s[0])
	b := indexBut(left, s[1], a)
	left[a] = s[2]
	return slices.Delete(left, b, b+1)
}

// otherThan draws a number that is not among left, -1 if all are.
func otherThan(left []int, modulus int, r *rand.Rand) int {
	start := r.IntN(modulus)
	for i := range modulus {
		if n := (start + i) % modulus; !slices.Contains(left, n) {
			return n
		}
	}
	return -1
}

// variant is another derivation. In fixed order there is one.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, op, err := decode(raw)
	if err != nil {
		return "", err
	}
	return written(derive(op, ref.Order != "fixed", ref.Numbers, r)), nil
}

// recovered combines the numbers that are shown to one, and then tells what gives the
// answer with it: "5 9 14 14 17 11 11 3 14;3", where 3 was hidden.
func recovered(raw json.RawMessage, r *rand.Rand) (masked, text string, err error) {
	ref, op, err := decode(raw)
	if err != nil {
		return "", "", err
	}
	at := r.IntN(len(ref.Numbers))
	hidden := ref.Numbers[at]
	shown := slices.Delete(slices.Clone(ref.Numbers), at, at+1)
	words := strings.Fields(world.Words(ref.Numbers))
	words[at] = "x"
	steps, rest := [][3]int(nil), shown[0]
	if len(shown) > 1 {
		steps = derive(op, ref.Order != "fixed", shown, r)
		rest = steps[len(steps)-1][2]
	}
	steps = append(steps, [3]int{rest, hidden, op.of(rest, hidden)})
	return strings.Join(words, " ") + promptEnd, fmt.Sprintf("%s;%d", written(steps), hidden), nil
}

var promptPattern = regexp.MustCompile(`^\d{1,2}( \d{1,2}){1,63} :$`)

// readPrompt reads prompts without hints. They do not tell the modulus, table
// and order; those of the levels are taken.
func readPrompt(prompt string) (core.Task, error) {
	const modulus = 20
	if !promptPattern.MatchString(prompt) {
		return core.Task{}, fmt.Errorf("reading a prompt of chain: %.60q is not numbers and a colon (3 17 5 9 : is)", prompt)
	}
	var numbers []int
	for _, f := range strings.Fields(strings.TrimSuffix(prompt, promptEnd)) {
		n, _ := strconv.Atoi(f) // the pattern admits nothing that fails
		if n >= modulus || strconv.Itoa(n) != f {
			return core.Task{}, fmt.Errorf("reading a prompt of chain: %s is not a number below %d", f, modulus)
		}
		numbers = append(numbers, n)
	}
	done := derive(newOperation(modulus, 0), false, numbers, nil)
	ref := reference{
		Reference: core.Reference{Answer: strconv.Itoa(done[len(done)-1][2]), Solution: written(done), World: "chain"},
		Numbers:   numbers, Modulus: modulus, Order: "free", Dialect: world.Compact,
	}
	return world.NewTask("chain", "chain/posed/"+strings.ReplaceAll(world.Words(numbers), " ", "-"), prompt, ref), nil
}
