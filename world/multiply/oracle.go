package multiply

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"

	"pawl/core"
	"pawl/world"
	"pawl/world/internal/text"
)

// What compact prompts begin and end with.
const (
	keyword = "mul "
	end     = "="
)

var rules = world.Rules{
	Judge:   judge,
	Steps:   text.Parts,
	Flaw:    flaw,
	Restate: restated,
	Read:    read,
	Plan:    plan,
}

// restated is y*x for x*y.
func restated(t core.Task, _ *rand.Rand) (core.Task, bool) { return world.SwapOperands(t, "*") }

func instance(raw json.RawMessage) (ref reference, err error) {
	if err = world.Decode(raw, &ref); err != nil {
		return ref, err
	}
	if err = check(ref.X, ref.Y); err != nil {
		return ref, fmt.Errorf("reading its reference: %w", err)
	}
	return ref, nil
}

// check accepts numbers above 0 without zeros in front.
func check(numbers ...string) error {
	for _, n := range numbers {
		if !text.Within(n, "0123456789") || n[0] == '0' || len(n) > maxDigits {
			return fmt.Errorf("%.20q is no number of 1 to %d digits that starts with 1 to 9", n, maxDigits)
		}
	}
	return nil
}

func judge(raw json.RawMessage) (world.Judge, error) {
	ref, err := instance(raw)
	if err != nil {
		return nil, err
	}
	if ref.Dialect == world.Chat {
		return chatJudge(ref.X, ref.Y), nil
	}
	return text.Stepwise(work(ref.X, ref.Y, nil)), nil
}

func product(x, y string) *big.Int {
	a, _ := new(big.Int).SetString(x, 10)
	b, _ := new(big.Int).SetString(y, 10)
	return a.Mul(a, b)
}

var equation = regexp.MustCompile(`(\d+) *([*+×x]) *(\d+) *= *(\d+)`)

// chatJudge reads the answer, and the equations of two numbers, none of which
// may be wrong and none of which has to be there. The answer comes after the
// last equation.
func chatJudge(x, y string) world.Judge {
	truth := product(x, y).String()
	return func(completion string) world.Verdict {
		answer := text.Number(completion)
		v := world.Verdict{Answer: answer, Right: answer == truth}
		n := 0
		for line := range strings.Lines(strings.ReplaceAll(completion, ",", "")) {
			line = strings.TrimSpace(line)
			for _, m := range equation.FindAllStringSubmatchIndex(line, -1) {
				if !apart(line[:m[0]], line[m[1]:]) {
					continue
				}
				n++
				a, op, b, got := line[m[2]:m[3]], line[m[4]:m[5]], line[m[6]:m[7]], line[m[8]:m[9]]
				if why := differs(a, op, b, got); why != "" {
					v.FirstWrong, v.Reason = n, why
					return v
				}
			}
		}
		if v.Valid = v.Right; !v.Right {
			v.FirstWrong, v.Reason = n+1, fmt.Sprintf("the product is %.40s", truth)
		}
		return v
	}
}

// differs tells what is wrong with an equation, "" if nothing is. Numbers longer
// than any of a task's are not worked out.
func differs(a, op, b, got string) string {
	if max(len(a), len(b)) > 4*maxDigits {
		return fmt.Sprintf("%.20s %s %.20s is no step of this product", a, op, b)
	}
	if want := compute(a, op, b).String(); want != strings.TrimLeft(got[:len(got)-1], "0")+got[len(got)-1:] {
		return fmt.Sprintf("%.40s %s %.40s is %.40s", a, op, b, want)
	}
	return ""
}

// apart reports whether an equation between before and after, of a line, stands
// alone and is no piece of a longer one, or of decimal numbers.
func apart(before, after string) bool {
	switch last := strings.TrimRight(before, " \t"); {
	case strings.HasSuffix(before, "."):
		return false
	case last == "" || last == "-" || last == "*": // a bullet
	case strings.ContainsAny(last[len(last)-1:], "*+-/)x^") || strings.HasSuffix(last, "×"):
		return false
	}
	after = strings.TrimLeft(after, " ")
	if len(after) > 1 && after[0] == '.' && after[1] >= '0' && after[1] <= '9' {
		return false
	}
	return after == "" || !strings.ContainsAny(after[:1], "*+-/x^%(") && !strings.HasPrefix(after, "×")
}

func compute(a, op, b string) *big.Int {
	if op == "+" {
		p, _ := new(big.Int).SetString(a, 10)
		q, _ := new(big.Int).SetString(b, 10)
		return p.Add(p, q)
	}
	return product(a, b)
}

// partials are the products that are to be added: "37*4", "37*20".
func partials(x, y string) (list []string, factors []string) {
	for i := len(y) - 1; i >= 0; i-- {
		if y[i] != '0' {
			factor := y[i:i+1] + strings.Repeat("0", len(y)-1-i)
			list, factors = append(list, x+"*"+factor), append(factors, factor)
		}
	}
	return list, factors
}

func chatSolution(x, y string) string {
	var b strings.Builder
	sum := new(big.Int)
	_, factors := partials(x, y)
	for i, f := range factors {
		p := product(x, f)
		fmt.Fprintf(&b, "%s * %s = %s\n", x, f, p)
		if next := new(big.Int).Add(sum, p); i > 0 {
			fmt.Fprintf(&b, "%s + %s = %s\n", sum, p, next)
		}
		sum.Add(sum, p)
	}
	return b.String() + "#### " + sum.String()
}

// plan names the partial products: "37*4;37*20".
func plan(raw json.RawMessage) (string, error) {
	ref, err := instance(raw)
	if err != nil {
		return "", err
	}
	list, _ := partials(ref.X, ref.Y)
	return strings.Join(list, ";"), nil
}

func read(prompt string) (core.Task, error) {
	body, err := text.Read(prompt, keyword, end)
	if err != nil {
		return core.Task{}, err
	}
	x, y, found := strings.Cut(body, "*")
	if !found {
		err = errors.New("it wants two numbers and a * between them")
	} else {
		err = check(x, y)
	}
	if err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: %w", prompt, err)
	}
	return task("multiply/read/"+body, x, y, world.Compact), nil
}
