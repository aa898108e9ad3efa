package countdown

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pawl/world"
)

// maxNumbers bounds the puzzles of others; judging a step looks through them.
const maxNumbers = 1000

// decode reads a reference and checks its instance.
func decode(raw json.RawMessage) (reference, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return ref, err
	}
	if len(ref.Numbers) == 0 || len(ref.Numbers) > maxNumbers {
		return ref, fmt.Errorf("reading its reference: a countdown of %d numbers; 1 to %d are possible", len(ref.Numbers), maxNumbers)
	}
	return ref, nil
}

// oracle accepts a chain of steps, or one expression over all numbers
// in the last line (after an optional "Answer:" and left of the first "=").
// Only legal solutions are right: Right and Valid are one.
func oracle(raw json.RawMessage) (world.Judge, error) {
	ref, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return func(text string) world.Verdict { return judgeCountdown(ref, text) }, nil
}

// signs are other ways to write the operators.
var signs = strings.NewReplacer("×", "*", "÷", "/", "−", "-", "–", "-", "·", "*")

func judgeCountdown(ref reference, text string) world.Verdict {
	text = signs.Replace(text)
	last := answerLine(text)
	expression, _, _ := strings.Cut(last, "=")
	value, used, err := evaluate(expression)
	if err == nil && len(used) > 1 && !hasSteps(text, last, len(used), len(ref.Numbers)) {
		return judgeExpression(ref, strings.TrimSpace(expression), value, used)
	}
	if stepPattern.MatchString(last) && strings.Count(text, "=") == 1 {
		text = last // the one step, without its label
	}
	v := judgeSteps(ref, text)
	if v.FirstWrong == 1 && !strings.Contains(text, "=") && err != nil {
		v.Reason = "reading the expression: " + err.Error()
	}
	return v
}

// answerLine is the last line without its label.
func answerLine(text string) string {
	last := strings.TrimSpace(text)
	last = strings.TrimSpace(last[strings.LastIndexByte(last, '\n')+1:])
	return answerLabel.ReplaceAllString(last, "")
}

var answerLabel = regexp.MustCompile(`(?i)^(final\s+)?answer\s*:\s*|^####\s*`)

// hasSteps tells a last step from an expression: it has two operands where the
// puzzle has more numbers, and stands among others or is written as a step. Of
// two numbers the one step is the solution: what it says they give counts.
func hasSteps(text, last string, operands, numbers int) bool {
	if operands != 2 {
		return false
	}
	return numbers > 2 && strings.Count(text, "=") > 1 || stepPattern.MatchString(strings.TrimRight(last, ","))
}

func judgeExpression(ref reference, expression string, value *big.Rat, used []int64) world.Verdict {
	v := world.Verdict{Answer: expression}
	want := slices.Sorted(slices.Values(ref.Numbers))
	slices.Sort(used)
	switch {
	case !slices.Equal(used, want):
		v.Reason = fmt.Sprintf("uses the numbers %v, but %v are given", used, want)
	case value.Cmp(new(big.Rat).SetInt64(ref.Target)) != 0:
		v.Reason = fmt.Sprintf("gives %s, not %d", value.RatString(), ref.Target)
	default:
		v.Right, v.Valid = true, true
		return v
	}
	v.FirstWrong = 1
	return v
}

var stepPattern = regexp.MustCompile(`^(-?\d{1,15})\s*([-+*/])\s*(-?\d{1,15})\s*=\s*(-?\d{1,15})$`)

// judgeSteps replays steps a op b = c, separated by commas, semicolons or
// lines. Pieces without "=" are prose and are passed over.
func judgeSteps(ref reference, text string) world.Verdict {
	var v world.Verdict
	left := slices.Clone(ref.Numbers)
	done := 0
	wrong := func(format string, args ...any) world.Verdict {
		v.FirstWrong, v.Reason = done+1, fmt.Sprintf(format, args...)
		return v
	}
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == ',' || r == ';' }) {
		if !strings.Contains(piece, "=") {
			continue
		}
		piece = strings.TrimSpace(piece)
		m := stepPattern.FindStringSubmatch(piece)
		if m == nil {
			return wrong("%.40q is not a step a + b = c", piece)
		}
		a, b, c := number(m[1]), number(m[3]), number(m[4])
		i := slices.Index(left, a)
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		j := slices.Index(left, b)
		if i < 0 || j < 0 {
			return wrong("%s uses a number that is not left", piece)
		}
		r, err := apply(m[2][0], new(big.Rat).SetInt64(a), new(big.Rat).SetInt64(b))
		if err != nil {
			return wrong("%s: %v", piece, err)
		}
		if r.Cmp(new(big.Rat).SetInt64(c)) != 0 {
			return wrong("%s %s %s gives %s, not %s", m[1], m[2], m[3], r.RatString(), m[4])
		}
		left[j] = c
		v.Answer = m[4]
		done++
	}
	switch {
	case done == 0:
		return wrong("no step a + b = c and no expression")
	case len(left) > 1:
		return wrong("%d numbers are left unused", len(left)-1)
	case left[0] != ref.Target:
		done-- // the last step is the one that misses
		return wrong("reaches %d, not %d", left[0], ref.Target)
	}
	v.Right, v.Valid = true, true
	return v
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // the pattern admits nothing that fails
	return n
}

var errZero = errors.New("division by zero")

func apply(op byte, a, b *big.Rat) (*big.Rat, error) {
	r := new(big.Rat)
	switch op {
	case '+':
		return r.Add(a, b), nil
	case '-':
		return r.Sub(a, b), nil
	case '*':
		return r.Mul(a, b), nil
	}
	if b.Sign() == 0 {
		return nil, errZero
	}
	return r.Quo(a, b), nil
}
