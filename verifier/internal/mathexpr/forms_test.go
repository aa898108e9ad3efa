package mathexpr

import (
	"strings"
	"testing"
)

// TestForms holds pairs of forms in which answers to contest problems are
// given.
func TestForms(t *testing.T) {
	for _, p := range [][2]string{
		{`|\sqrt5+2i|`, "3"}, {`\sqrt{5 + \sqrt{21}} + \sqrt{5 - \sqrt{21}}`, `\sqrt{14}`}, {`\frac{1}{1 - \tan^2 x} + \frac{1}{1 - \cot^2 x}`, "1"},
		{`\cos 54^\circ \cos 4^\circ - \cos 36^\circ \cos 86^\circ`, `\cos 58^\circ`}, {`\arcsin \left( -\frac{1}{2} \right)`, `-\frac{\pi}{6}`}, {`\overline{CD}`, "CD"}, {`\overline{CD}`, `\text{CD}`},
		{"(a+5)(b+2)", "ab+5b+2a+10"}, {`\text{even}`, "even"}, {`\text{even}`, "Even"}, {`27^\circ, 63^\circ, 99^\circ, 135^\circ, 171^\circ`, "27, 63, 99, 135, 171"},
		{`\begin{pmatrix} 3/5 \\ 57/5 \end{pmatrix}`, `\begin{pmatrix} \frac{3}{5} \\ \frac{57}{5} \end{pmatrix}`}, {`\begin{pmatrix} 2 & 0 \\ -3 & 5 \end{pmatrix} \begin{pmatrix} 2 & -3 \\ 0 & 5 \end{pmatrix}`, `\begin{pmatrix} 4 & -6 \\ -6 & 34 \end{pmatrix}`},
		{"x = -1", "-1"}, {`\frac{\tan x}{\sec x + 1} - \frac{\sec x - 1}{\tan x}`, "0"}, {`\text{(E)}`, "E"}, {`\text{(E)}`, "(E) Hyperbola"}, {`12 - 4 \sqrt{2}`, `4(3-\sqrt2)`}, {"116 - 75i", "-75i+116"},
		{`\frac{25 \sqrt{10}}{4}`, `6.25\sqrt{10}`}, {`\frac{9}{4}, -\frac{9}{4}`, `\pm\frac94`}, {`-2\sqrt7-1`, `-1-2\sqrt{7}`}, {`\left(\frac{17}{4},0\right)`, "(4.25, 0)"}, {"x^2-10x+41", "(x-5)^2+16"}, {`x^2-10x+41=0`, "x^2 - 10x + 41 = 0"},
		{"(1,-2,2,-3)", "A=1, B=-2, C=2, D=-3"}, {`(a,b)=(-2,1)`, "(-2, 1)"}, {"50^\\circ", "50"}, {`\frac43`, "y = 4/3"}, {`\frac43`, `1\frac13`}, {`\frac43`, "1 1/3"}, {`2\sqrt5`, `\sqrt{20}`}, {"7 \\pi", "7π"},
		{`\sqrt{8 + \sqrt{32 + \sqrt{768}}}`, `4\cos\frac{\pi}{24}`}, {`4 \cos 27^\circ`, `\sqrt{5+\sqrt5}+\sqrt{3-\sqrt5}`}, {`\frac{8x^3+27y^3}{2x+3y}`, "4x^2-6xy+9y^2"}, {"3, 5, 7", `\{3,5,7\}`}, {"3, 5, 7", "x = 3, 5, 7"}, {"3, 5, 7", "x=3, x=5, x=7"}, {"3,5,7", "3, 5, and 7"},
		{`\frac{15309}{256}`, "59.80078125"}, {"996506", "996,506"}, {"29800", "29,800"}, {`\frac{x+y}{2}`, "0.5(x+y)"}, {"3R^2", "3 R^2"}, {`p \in [0,1]`, `0 \le p \le 1`}, {"x \\in (-\\infty, 2) \\cup (3, \\infty)", `(-\infty,2)\cup(3,\infty)`},
		{`(-\infty, 2) \cup (3, \infty)`, `x<2 \text{ or } x>3`}, {`\frac{\sqrt{3}}{3}`, `\frac{1}{\sqrt{3}}`}, {"-\\frac{1}{2}+\\frac{\\sqrt{3}}{2}i", `\frac{-1+i\sqrt3}{2}`}, {`\frac{-1\pm i\sqrt3}{2}`, `-\frac12+\frac{\sqrt3}{2}i, -\frac12-\frac{\sqrt3}{2}i`},
		{`e^{\frac{2\pi i}{3}}`, `-\frac12+\frac{\sqrt3}{2}i`}, {`\text{no real solutions}`, "no real solutions"}, {"x+y+z=1", "z = 1-x-y"}, {`\sqrt[3]{2}`, "2^{1/3}"}, {`\frac{1}{2}\ln 2`, `\ln\sqrt{2}`}, {"2^{-3}", "0.125"}, {"\\frac{n!}{2}", "n!/2"},
		{`\$32{,}348`, "32348"}, {`3\text{ cm}`, "3 cm"}, {`18\pi\text{ cm}^3`, `18\pi`}, {`18\pi\text{ cm}^3`, `18\pi \text{ cubic centimeters}`}, {"5 miles per hour", "5 mph"}, {`60\%`, "0.6"}, {`60\%`, "60"}, {`\text{Thursday}`, "Thursday"}, {"6:4", "3:2"}, {`\frac{3}{2}`, "3:2"}, {"10:30 a.m.", "10:30 AM"},
		{`(x-3)^2 + (y+1)^2 = 25`, `x^2-6x+y^2+2y-15=0`}, {"y = -\\frac{1}{2}x+3", "x + 2y = 6"}, {"y=-x^2+2", "y = 2 - x^2"}, {`f(x) = \frac{1}{x}`, `1/x`}, {"f^{-1}(x) = x+2", "x+2"}, {`\log_{2} 3`, `\frac{\ln 3}{\ln 2}`}, {`\frac{\log 3}{\log 2}`, `\log_2 3`}, {`\mathbf{6}`, "6"}, {`\boxed{\mathbf{6}}`, "6"},
		{"1.\\overline{3}", "4/3"}, {"\\left[-\\frac{1}{2}, 3\\right)", "[-0.5, 3)"}, {`-\frac{3}{4}`, `-0.75`}, {"0.75", "75%"}, {`\sqrt{x^2+1}`, "(x^2+1)^{0.5}"}, {`\tfrac{1}{2}(e^x+e^{-x})`, `\cosh x`}, {"4.5\\times10^{-3}", "0.0045"}, {"4.5e-3", "0.0045"}, {"(2,3),(4,5)", "(4,5),(2,3)"}, {`\{(1,2),(3,4)\}`, `(3,4), (1,2)`}, {"(2,3) and (4,5)", "(4,5), (2,3)"},
		{"k=5", "5"}, {"5 = k", "k=5"}, {"n \\ge 5", "n≥5"}, {"a > b", "b<a"}, {`\lfloor \pi \rfloor`, "3"}, {"x^3-1", "(x-1)(x^2+x+1)"}, {"C_n", "C_{n}"}, {"a_{n+1}", "a_{n+1}"}, {"\\frac{a+b}{a-b}", "-\\frac{a+b}{b-a}"}, {`\tan^{-1}(2)`, `\arctan 2`}, {"2 \\sin 3x", "2sin(3x)"}, {"5\\sqrt{3}\\text{ m}", "5\\sqrt3"}, {"5", "5\\text{ m/s}^2"}, {"5 m/s", "5"}, {`9.8\,\mathrm{m/s^2}`, "9.8"}, {`3 \times 10^{8}\ \mathrm{m/s}`, "3e8"},
	} {
		if v, why := Compare(p[0], p[1], Options{}); v != Equal {
			t.Errorf("%s (%s)\n\t%s\n\t%s", v, why, p[0], p[1])
		}
	}
}

// TestLookAlikes holds answers that differ by little in writing.
func TestLookAlikes(t *testing.T) {
	for _, p := range [][2]string{
		{"x^2", "2x"}, {`\sqrt{x+1}`, `\sqrt{x}+1`}, {`\frac{a}{b+c}`, `\frac{a}{b}+c`}, {"(x-1)^2", "x^2-1"}, {"-x^2", "(-x)^2"}, {"2^{3x}", "8x"}, {`\ln(xy)`, `\ln x\ln y`}, {`\sin 2x`, `2\sin x`},
		{`\frac{1}{2}`, "2"}, {"[1,2]", "[1,2)"}, {`(1,2)\cup(2,3)`, "(1,3)"}, {`\{1,2\}`, `\{2\}`}, {`x\ge 2`, "x>2"}, {"0.5", "0.05"}, {"5%", "5/10"}, {"3+4i", "3-4i"}, {`\binom{5}{2}`, `\binom{5}{4}`},
		{`2\pi`, `\pi`}, {"1/2, 1/3", "1/2, 1/4"}, {`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, `\begin{pmatrix}1&3\\2&4\end{pmatrix}`}, {"y=2x+3", "y=3x+2"}, {"x=2 or x=3", "x=2"}, {"5 cm", `5\text{ m}`},
		{"5 kg", `5\text{ g}`}, {"(A)", "(B)"}, {"9:05", "9:50"}, {"1 1/2", "1/2"}, {`12\frac{1}{2}`, `\frac{12}{2}`}, {"-5", "5"}, {"2e3", "23"}, {`\frac{12}{5}`, `1\frac{2}{5}`}, {"x^{12}", "x^1+2"}, {`\log_2 3`, `\log_3 2`},
		{`\frac{x}{y}`, `\frac{y}{x}`}, {"(2,-3)", "(-2,3)"}, {"(1,2,3)", "(1,3,2)"}, {`\sqrt[3]{2}`, `3\sqrt{2}`}, {`\sqrt[3]{x}`, `\sqrt{x}`}, {`2\frac{1}{3}`, `\frac{2}{3}`}, {"a_1", "a^1"}, {"10_2", "11_2"}, {"1:2", "2:1"},
		{`x \in (0,1)`, `x \in [0,1]`}, {"x<2", "x<-2"}, {"x=1,y=2", "x=2,y=1"}, {"12 and 13", "12"}, {"e^x", "x^e"}, {`\cos x`, `\cos^2 x`}, {`\arctan x`, `\tan x`}, {`\tan^{-1} x`, `(\tan x)^{-1}`}, {"n!", "n"}, {"|x|", "x"},
		{"$1.50", "$15.0"}, {"3 million", "3 billion"}, {"0.1\\overline{6}", "0.16"}, {"1,000", "1.000"}, {"1,000", "1,0"}, {"1,000", "0, 1"}, {"12,005", "12, 5"}, {`30^\circ`, `\frac{\pi}{3}`}, {`\emptyset`, "0"}, {`\{0\}`, `\emptyset`}, {`\infty`, "1000000"}, {"Friday", "Saturday"}, {"x+y=1", "x-y=1"},
		{`\frac{1}{2}+\frac{1}{3}`, `\frac{2}{5}`}, {"99999999999999999999", "99999999999999999998"}, {`\sqrt{2}`, "1.41421356237309504880168872420969807856967187537694"}, {`e^{\pi\sqrt{163}}`, "262537412640768744"}, {`\pi`, `\frac{355}{113}`},
	} {
		if v, why := Compare(p[0], p[1], Options{}); v != Different {
			t.Errorf("%s (%s)\n\t%s\n\t%s", v, why, p[0], p[1])
		}
	}
}

// TestBounded gives a verdict on what would take a computer algebra system
// for ever. That the budget was kept to is seen by that there is a verdict.
func TestBounded(t *testing.T) {
	m := `\begin{pmatrix}` + strings.Repeat(strings.Repeat("x&", 5)+`x\\`, 6) + `\end{pmatrix}`
	big20 := `\begin{pmatrix}` + strings.Repeat(strings.Repeat("1&", 19)+`1\\`, 20) + `\end{pmatrix}`
	cf, cf2 := "x", "x"
	for range 35 {
		cf = `\frac{1}{1+` + cf + "}"
		cf2 = "1/(1+" + cf2 + ")"
	}
	nest := "x"
	for range 30 {
		nest = `\sin(` + nest + ")"
	}
	lst := strings.TrimSuffix(strings.Repeat(`\sqrt{x+y},`, 60), ",")
	lst2 := strings.TrimSuffix(strings.Repeat(`\sqrt{y-x},`, 60), ",")
	for _, p := range [][2]string{
		{strings.Repeat(m, 5), strings.Repeat(m, 5) + "2"}, {strings.Repeat(big20, 4), strings.Repeat(big20, 4) + "1"}, {"y=" + cf, "z=" + cf2}, {cf, cf2}, {"y=" + cf + "+1", "y=2" + cf2}, {nest, nest + "+1"}, {nest + nest + nest + nest, nest + nest + nest + nest + "+0"},
		{lst, lst2}, {strings.Repeat("1/", 2000) + "x", strings.Repeat("1/", 1999) + "x"}, {strings.Repeat("x+", 2000) + "x", "2001x"}, {strings.Repeat("x*", 2000) + "x", "x^{2001}"}, {strings.Repeat("(", 190) + "x" + strings.Repeat(")", 190), "x"},
		{strings.Repeat("((x+1)(x+2))", 300), strings.Repeat("((x+2)(x+1))", 300)}, {"y=" + strings.Repeat("1/(x+1)+", 300) + "1", "y=" + strings.Repeat("1/(x+2)+", 300) + "1"}, {strings.Repeat(`\sqrt{2+`, 30) + "2" + strings.Repeat("}", 30), strings.Repeat(`\sqrt{2+`, 30) + "3" + strings.Repeat("}", 30)},
		{`\sum_{k=1}^{5000}\sum_{j=1}^{5000}\frac{1}{k+j}`, "3"}, {`\prod_{k=1}^{5000}\sin k`, "1"}, {"5000!/4999!", "5000"}, {`\binom{5000}{2500}`, `\binom{5000}{2499}`}, {"2^{60000}", "2^{60001}"}, {"(1/3)^{40000}", "3^{-40000}"}, {`e^{e^{e^{e}}}`, `e^{e^{e^{e}}}+1`}, {strings.Repeat("x^", 150) + "x", "y"}, {strings.Repeat("|", 4000), "x"},
		{"x^{x^{x}}", "x^{x^2}"}, {"a b c d g h j k l m n o", "o n m l k j h g d c b a"}, {"y=" + nest, "y=2" + nest}, {"x>" + nest, "x>" + nest + "+1"}, {strings.Repeat("[1,2)\\cup", 60) + "[3,4]", strings.Repeat("[3,4]\\cup", 60) + "[1,2)"}, {strings.Repeat(`\pm 1`, 800), "3"}, {strings.Repeat("9^", 2000) + "9", "9"}, {strings.Repeat("1,", 1<<19), "1"},
	} {
		if v, _ := Compare(p[0], p[0]+" ", Options{}); v != Equal {
			t.Errorf("%.60q is not itself", p[0])
		}
		v, _ := Compare(p[0], p[1], Options{})
		if w, _ := Compare(p[1], p[0], Options{}); v != w {
			t.Errorf("%.60q and %.60q: %s, but the other way round %s", p[0], p[1], v, w)
		}
	}
}
