package sim

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"

	"pawl/core"
)

// expression is a calculation within a text.
var expression = regexp.MustCompile(`[(\d][\d\s()+*/.×÷·−-]*[\d)]`)

// signs writes the signs of arithmetic as programs do.
var signs = strings.NewReplacer("×", "*", "·", "*", "÷", "/", "−", "-")

// sum reads a prompt that poses one calculation and nothing else with numbers:
// "What is 17 * 4 + 2?" or "17+4=". Longer stories pose none.
func sum(text string) (Problem, bool) {
	const longest = 200
	if len(text) > longest {
		return Problem{}, false
	}
	plain := signs.Replace(text)
	all := expression.FindAllString(plain, -1)
	if len(all) != 1 || !strings.ContainsAny(all[0], "+-*/") || strings.ContainsAny(strings.Replace(plain, all[0], "", 1), "0123456789") {
		return Problem{}, false
	}
	e, err := parser.ParseExpr(all[0])
	if err != nil {
		return Problem{}, false
	}
	value, operators, digits := evaluate(e)
	if value == nil || operators == 0 {
		return Problem{}, false
	}
	answer := value.RatString()
	typical := core.NewHasher("typical").String(text).Seed()
	return Problem{
		Level: min(Levels, operators+(digits-1)/2),
		Write: func(_ context.Context, r *rand.Rand, right, common bool) (string, error) {
			shown := answer
			if !right {
				if common {
					r = rand.New(rand.NewPCG(typical, 0))
				}
				shown = Mistake(answer, r)
			}
			return all[0] + " = " + shown + "\n#### " + shown, nil
		},
		Right: func(_ context.Context, attempt string) (bool, error) {
			got, ok := new(big.Rat).SetString(Final(attempt))
			return ok && got.Cmp(value) == 0, nil
		},
	}, true
}

// evaluate gives the value of a calculation, nil where it has none, how many
// operators it has and how many digits its longest number.
func evaluate(e ast.Expr) (value *big.Rat, operators, digits int) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return evaluate(e.X)
	case *ast.BasicLit:
		if e.Kind != token.INT && e.Kind != token.FLOAT || len(e.Value) > 18 {
			return nil, 0, 0
		}
		v, ok := new(big.Rat).SetString(e.Value)
		if !ok {
			return nil, 0, 0
		}
		return v, 0, len(e.Value)
	case *ast.UnaryExpr:
		v, n, d := evaluate(e.X)
		if v != nil && e.Op == token.SUB {
			return v.Neg(v), n, d
		}
	case *ast.BinaryExpr:
		x, n, d := evaluate(e.X)
		y, m, f := evaluate(e.Y)
		if x == nil || y == nil {
			return nil, 0, 0
		}
		n, d = n+m+1, max(d, f)
		switch {
		case e.Op == token.ADD:
			return x.Add(x, y), n, d
		case e.Op == token.SUB:
			return x.Sub(x, y), n, d
		case e.Op == token.MUL:
			return x.Mul(x, y), n, d
		case e.Op == token.QUO && y.Sign() != 0:
			return x.Quo(x, y), n, d
		}
	}
	return nil, 0, 0
}

// Mistake is an answer that is wrong and looks likely: a number near by, another
// letter of a choice, or the answer turned around.
func Mistake(answer string, r *rand.Rand) string {
	trimmed := strings.TrimSpace(answer)
	if v, ok := new(big.Rat).SetString(strings.ReplaceAll(trimmed, ",", "")); ok {
		off := []int64{1, -1, 2, -2, 10, -10, 9, 3}
		return new(big.Rat).Add(v, new(big.Rat).SetInt64(off[r.IntN(len(off))])).RatString()
	}
	if len(trimmed) == 1 && trimmed[0] >= 'A' && trimmed[0] <= 'D' {
		return string(rune('A' + (int(trimmed[0]-'A')+1+r.IntN(3))%4))
	}
	switch strings.ToLower(trimmed) {
	case "yes":
		return "no"
	case "no":
		return "yes"
	case "true":
		return "false"
	case "false":
		return "true"
	}
	return "not " + trimmed
}

// Final is the final answer of an attempt: what follows the last four hash marks,
// else the last line, else the last word of it that is a number.
func Final(attempt string) string {
	if i := strings.LastIndex(attempt, "####"); i >= 0 {
		line, _, _ := strings.Cut(strings.TrimLeft(attempt[i:], "# "), "\n")
		return strings.TrimSpace(line)
	}
	lines := strings.Split(strings.TrimSpace(attempt), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if words := strings.Fields(last); len(words) > 1 {
		if end := strings.Trim(words[len(words)-1], ".$"); strings.ContainsAny(end, "0123456789") {
			return end
		}
	}
	return last
}
