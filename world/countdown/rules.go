package countdown

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// steps cuts after every comma.
func steps(text string) []string {
	cut := strings.SplitAfter(text, ",")
	if cut[len(cut)-1] == "" { // behind the last comma, or all of no text
		cut = cut[:len(cut)-1]
	}
	return cut
}

var errUnsolved = errors.New("no steps in whole numbers above 0 reach the target")

// whole is the instance of a reference whose numbers steps can be drawn for.
func whole(raw json.RawMessage) (numbers []int, target int, err error) {
	ref, err := decode(raw)
	if err != nil {
		return nil, 0, err
	}
	if len(ref.Numbers) < 2 || len(ref.Numbers) > 6 {
		return nil, 0, fmt.Errorf("solving a countdown of %d numbers: 2 to 6 are possible", len(ref.Numbers))
	}
	for _, n := range ref.Numbers {
		if n < 1 || n > 10_000 {
			return nil, 0, fmt.Errorf("solving a countdown with the number %d: 1 to 10000 are possible", n)
		}
		numbers = append(numbers, int(n))
	}
	return numbers, int(ref.Target), nil
}

// variant is a solution found in random order.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	numbers, target, err := whole(raw)
	if err != nil {
		return "", err
	}
	solution, ok := search(numbers, target, r)
	if !ok {
		return "", errUnsolved
	}
	return compact(solution), nil
}

// plan names the values that the steps of a solution reach, one after the other.
func plan(raw json.RawMessage) (string, error) {
	numbers, target, err := whole(raw)
	if err != nil {
		return "", err
	}
	solution, ok := search(numbers, target, nil)
	if !ok {
		return "", errUnsolved
	}
	var goals []string
	for _, s := range solution {
		goals = append(goals, strconv.Itoa(s.result))
	}
	return strings.Join(goals, ","), nil
}

var promptPattern = regexp.MustCompile(`^([1-9]\d{0,3}(?: [1-9]\d{0,3}){1,5})>([1-9]\d{0,4}):$`)

// read accepts puzzles that whole numbers solve.
func read(prompt string) (core.Task, error) {
	m := promptPattern.FindStringSubmatch(prompt)
	if m == nil {
		return core.Task{}, fmt.Errorf("reading a prompt of countdown: %.60q is not 2 to 6 numbers and a target (3 5 7>26: is)", prompt)
	}
	var numbers []int
	ref := reference{Reference: core.Reference{Answer: m[2], World: "countdown"}}
	for f := range strings.FieldsSeq(m[1]) {
		n, _ := strconv.Atoi(f) // the pattern admits nothing that fails
		numbers, ref.Numbers = append(numbers, n), append(ref.Numbers, int64(n))
	}
	target, _ := strconv.Atoi(m[2])
	ref.Target = int64(target)
	solution, ok := search(numbers, target, nil)
	if !ok {
		return core.Task{}, fmt.Errorf("reading the prompt of countdown %q: %w", prompt, errUnsolved)
	}
	ref.Solution = compact(solution)
	id := fmt.Sprintf("countdown/posed/%s=%d", strings.ReplaceAll(m[1], " ", "-"), target)
	return world.NewTask("countdown", id, prompt, ref), nil
}

// Mistakes of a flaw.
const (
	missed   = iota // legal steps that end at another value
	slipped         // a wrong result, carried on
	wished          // a last step that is said to give the target and does not
	borrowed        // a number that is not left
	mistakes
)

// flaw tries to solve with one mistake.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	numbers, target, err := whole(raw)
	if err != nil {
		return "", err
	}
	const limit = 1000 // keeps products small
	var made []step
	for kind, try := r.IntN(mistakes), 0; try < 50; try++ {
		made = derive(numbers, limit, r)
		last := &made[len(made)-1]
		switch kind {
		case missed, wished:
			if last.result == target {
				continue
			}
			if kind == wished {
				last.result = target
			}
		case slipped, borrowed:
			at := r.IntN(len(made))
			left := slices.Clone(numbers)
			for _, s := range made[:at] {
				left = replaced(left, s)
			}
			s := made[at]
			rest := replaced(left, s)
			place := slices.Index(rest, s.result)
			if kind == slipped {
				s.result += []int{-10, -2, -1, 1, 2, 10}[r.IntN(6)]
			} else {
				if s.b += 1 + r.IntN(5); slices.Contains(left, s.b) {
					continue
				}
				s = drawStep(s.a, s.b, limit, r)
			}
			if s.result < 1 {
				continue
			}
			rest[place] = s.result
			made = append(made[:at:at], s)
			if len(rest) > 1 {
				made = append(made, derive(rest, limit, r)...)
			}
		}
		return compact(made), nil
	}
	// Whatever was tried hits the target: claim another value.
	made[len(made)-1].result++
	return compact(made), nil
}

// replaced is left with the operands of a step replaced by its result.
func replaced(left []int, s step) []int {
	left = slices.Clone(left)
	a := slices.Index(left, s.a)
	left = slices.Delete(left, a, a+1)
	left[slices.Index(left, s.b)] = s.result
	return left
}
