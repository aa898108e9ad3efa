package mathexpr

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// FuzzCompare never panics, has one verdict in either order, and knows that an
// answer is itself.
func FuzzCompare(f *testing.F) {
	for _, file := range []string{"testdata/pairs.tsv"} {
		for _, p := range pairs(f, file) {
			f.Add(p.a, p.b)
		}
	}
	for _, s := range []string{`\frac{\frac{1}{0}}{\sqrt[0]{-1}}`, "9^9^9^9", `\begin{matrix}1&\end{matrix}`, "|||", "\\", "{", `\sum_{k=1}^{99999999}k`, "1e9999", "0^0", `\log_1 1`, "(1,2]U[", "5 5 5", `\overline{`, "0.\\overline{0}"} {
		f.Add(s, s+" ")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		v, _ := Compare(a, b, Options{})
		if w, _ := Compare(b, a, Options{}); v != w {
			t.Errorf("%q and %q: %s, but the other way round %s", a, b, v, w)
		}
		if w, _ := Compare(a, " "+a+"\n", Options{}); w == Different || w == Unsure && clean(a) != "" && len(a) < maxLength {
			t.Errorf("%q and itself: %s", a, w)
		}
		Rational(a)
	})
}

// FuzzParse reads anything, or says why not.
func FuzzParse(f *testing.F) {
	for _, p := range pairs(f, "testdata/pairs.tsv") {
		f.Add(p.a, true, false)
	}
	f.Fuzz(func(t *testing.T, s string, commas, tight bool) {
		if len(s) > maxLength {
			return
		}
		p, err := parse(clean(s), reading{commas, tight})
		if (err == nil) != (p.tree != nil) {
			t.Errorf("%q: %v, %v", s, p.tree, err)
		}
		if p.tree != nil {
			p.tree.canon()
		}
	})
}

// written is an expression with its value, by big.Rat's own arithmetic.
type written struct {
	tex   string
	value *big.Rat
}

func drawn(t *rapid.T, depth int) written {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		n := rapid.Int64Range(0, 99).Draw(t, "n")
		if rapid.Bool().Draw(t, "decimal") {
			return written{fmt.Sprintf("%d.%d", n/10, n%10), big.NewRat(n, 10)}
		}
		return written{fmt.Sprint(n), big.NewRat(n, 1)}
	}
	a, b := drawn(t, depth-1), drawn(t, depth-1)
	r := new(big.Rat)
	switch rapid.IntRange(0, 5).Draw(t, "op") {
	case 0:
		return written{"(" + a.tex + "+" + b.tex + ")", r.Add(a.value, b.value)}
	case 1:
		return written{"(" + a.tex + " - " + b.tex + ")", r.Sub(a.value, b.value)}
	case 2:
		return written{"(" + a.tex + `)\cdot (` + b.tex + ")", r.Mul(a.value, b.value)}
	case 3:
		if b.value.Sign() == 0 {
			return a
		}
		return written{`\frac{` + a.tex + "}{" + b.tex + "}", r.Quo(a.value, b.value)}
	case 4:
		return written{"(-(" + a.tex + "))", r.Neg(a.value)}
	}
	return written{"(" + a.tex + ")^2", r.Mul(a.value, a.value)}
}

// TestArithmetic evaluates as big.Rat does, and tells neighbours apart.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t, 4)
		if v, why := Compare(w.tex, w.value.RatString(), Options{}); v != Equal {
			t.Fatalf("%s is %s, but: %s (%s)", w.tex, w.value.RatString(), v, why)
		}
		next := new(big.Rat).Add(w.value, big.NewRat(1, 1e9+7))
		if v, _ := Compare(w.tex, next.RatString(), Options{}); v != Different {
			t.Fatalf("%s is not %s, but: %s", w.tex, next.RatString(), v)
		}
		if s, ok := Rational(w.tex); !ok || s != w.value.RatString() {
			t.Fatalf("%s is %s, read as %q", w.tex, w.value.RatString(), s)
		}
	})
}

// TestIdentities holds identities at random forms of their parts.
func TestIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"x", "2y", "(x+1)", `\frac{x}{3}`, `\sqrt{2}`, "x^2", `\pi x`, "(a-b)"})
		p, q := part.Draw(t, "p"), part.Draw(t, "q")
		id := rapid.SampledFrom([][2]string{{"(P+Q)^2", "P^2+2(P)(Q)+Q^2"}, {`\sin(P+Q)`, `\sin(P)\cos(Q)+\cos(P)\sin(Q)`}, {"e^{P+Q}", "e^{P}e^{Q}"}, {"|P|^2", "(P)^2"},
			{`\frac{P}{7}-\frac{Q}{7}`, `\frac{P-Q}{7}`}, {"(P)(Q)", "(Q)(P)"}, {`\cosh(P)+\sinh(P)`, `\exp(P)`}}).Draw(t, "id")
		fill := strings.NewReplacer("P", p, "Q", q)
		a, b := fill.Replace(id[0]), fill.Replace(id[1])
		if p2 := "(" + p + ")"; id[0] == "(P+Q)^2" {
			b = strings.NewReplacer("P", p2, "Q", "("+q+")").Replace(id[1])
		}
		if v, why := Compare(a, b, Options{}); v != Equal {
			t.Fatalf("%s and %s: %s (%s)", a, b, v, why)
		}
		if v, _ := Compare(a, b+"+1", Options{}); v != Different {
			t.Fatalf("%s and %s+1: %s", a, b, v)
		}
	})
}
