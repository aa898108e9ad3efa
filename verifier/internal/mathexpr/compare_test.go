package mathexpr

import "testing"

const (
	eq = Equal
	ne = Different
	un = Unsure
)

// TestCompare has hand-worked verdicts, those of neither suite nor paper.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want Verdict
	}{
		// what has more to it than one side says
		{"x>0, y>0", "x>0", un}, {"x>0, y>0", "y>0, x>0", eq}, {"x>0, x<5", "(0,5)", eq}, {`72^\circ`, "72 radians", un}, {`72^\circ`, "72 degrees", eq}, {"72 radians", "72", eq},
		// numbers
		{"50%", "0.5%", ne}, {"12.5\\%", "1/8", eq}, {"12.5\\%", "12.5", eq}, {"12.5\\%", "12.5\\%", eq}, {"1-10\\%", "0.9", eq}, {"1-10\\%", "-9", ne},
		{`-\frac{1}{2}`, "-1/2", eq}, {`\frac{-1}{2}`, "-½", eq}, {"0.\\overline{3}", "1/3", eq}, {"0.1\\overline{6}", "1/6", eq}, {"0.3333", "1/3", ne},
		{"two", "2", eq}, {"2", "seven", ne}, {"1 1/2", "11/2", ne}, {"5!", "5", ne}, {`\binom{1}{23}`, `\binom{12}{3}`, ne}, {`\frac{1}{23}`, `\frac{12}{3}`, ne}, {"x^{12}", "x^1 2", ne}, {"4 2", "42", un}, {"No", "no", eq}, {"-0", "0", eq}, {"+5", "5", eq}, {"1e400", "10^{400}", eq}, {"1e400", "10^{401}", ne},
		{"2^{10}", "1024", eq}, {"10!", "3628800", eq}, {"20!", "2432902008176640001", ne}, {`\lceil 2.1 \rceil`, "3", eq}, {"1.50", "1.5", eq},
		{"3 1/2", "7/2", eq}, {"3 1/2", "3/2", ne}, {"-3\\frac{1}{2}", "-3.5", eq}, {"-3\\frac{1}{2}", "-2.5", ne}, {"2 3", "6", un}, {"1/0", "2", un},
		{`\sqrt{8}`, "2.828427", ne}, {`\sqrt{2}\sqrt{3}`, `\sqrt{6}`, eq}, {`\frac{3\sqrt2}{2}`, `\frac{3}{\sqrt2}`, eq}, {`\sqrt{2}+\sqrt{3}`, `\sqrt{5+2\sqrt6}`, eq},
		{`\sqrt[3]{-8}`, "-2", eq}, {`\sqrt{-4}`, "2i", eq}, {"i", "-i", ne}, {`(1+i)^2`, "2i", eq}, {`e^{i\pi}`, "-1", eq}, {`\frac{1}{i}`, "-i", eq},
		{`\ln 2+\ln 3`, `\ln 6`, eq}, {`\log_2 8`, "3", eq}, {`\log 100`, "2", un}, {`\log 4/\log 2`, "2", eq}, {`\lg 100`, "2", eq}, {`\log_{10} 100`, "2", eq},
		{`\frac{\pi}{6}`, `30^\circ`, eq}, {`30^\circ`, "30", eq}, {`30^\circ`, `60^\circ`, ne}, {`\sin 30^\circ`, "1/2", eq}, {`\sin 30`, "1/2", ne},
		{`\arctan 1`, `\pi/4`, eq}, {`4\arctan\frac15-\arctan\frac1{239}`, `\frac{\pi}{4}`, eq}, {`\cosh 0`, "1", eq}, {`\cosh 500-\sinh 500`, "e^{-500}", un}, {`\cosh 500-\sinh 500`, "1", un}, {`\sqrt2-\sqrt2+1`, "2", ne}, {"b=a/i", "ia=b", ne}, {`\binom{10}{3}`, "120", eq},
		{"e^{-1000}", "e^{-2000}", ne}, {"e^{-1000}", `\frac{1}{e^{1000}}`, eq}, {"1+10^{-200}", "1", ne}, {`\pi`, "3.14159265358979323846264338327950288", ne},
		{"1 - \\cos^2 1", "\\sin^2 1", eq}, {`\sin(500\pi)`, "0", eq}, {`\sin(10^{-50})`, "0", ne}, {`\tan\frac{\pi}{2}`, "0", un},
		{"1.234", "1,234", ne}, {"1,234,567", "1234567", eq}, {"1 234 567", "1234567", eq}, {"100,200,300", "100, 200, 300", un}, {"2,5", "5/2", ne}, {"3.0×10^8", "300000000", eq},
		{"6−2", "4", eq}, {"2·3", "6", eq}, {"√2", `\sqrt{2}`, eq}, {"2π", `2\pi`, eq}, {"x²", "x^2", eq}, {"x ≤ 2", `x \le 2`, eq},
		// units
		{"50 cents", "$0.50", eq}, {"50 cents", "$50", ne}, {"5 hours", "300 minutes", eq}, {"1/2 hour", "30 minutes", eq}, {"5 m", "5 kg", ne}, {"5 meters", "5 kg", ne},
		{"18 ducks", "18 eggs", un}, {"18 ducks", "19 eggs", ne}, {"18 eggs", "18 fresh eggs", eq}, {"12 in", "1 ft", eq}, {"5 or more", "5", un}, {"at least 5", "5", un},
		{"€5", "5 euros", eq}, {"5 square meters", "5 meters", un}, {"5 km", "5 km/h", un}, {"3 dozen", "36", eq}, {"5 solutions", "5", eq}, {"$5", "€5", ne}, {"3 square feet", "3", eq}, {"60 km/h", "60", eq},
		// expressions
		{`\cos^2 x-\sin^2 x`, `\cos 2x`, eq}, {`\binom{n}{2}`, `\frac{n(n-1)}{2}`, eq}, {`\binom{n}{2}`, `\frac{n(n+1)}{2}`, ne}, {"n!", "n(n-1)!", eq}, {"n!", "(n-1)!", ne}, {`\binom{n}{9}`, `\binom{n}{10}`, ne}, {"|x-10|", "10-x", ne}, {"|x-1000|", "1000-x", ne}, {`\sqrt{x-10}`, `\sqrt{10-x}`, ne}, {`\sqrt{x-10}\sqrt{x-10}`, "x-10", un},
		{`\frac{a}{b}`, `\frac{b}{a}`, ne}, {"x^{2y}", "(x^2)^y", un}, {"2^{n+1}", `2\cdot 2^n`, eq}, {"|x|", "x", ne}, {`\sqrt{x^2}`, "|x|", eq}, {"x/2y", `\frac{x}{2y}`, un}, {"x/(2y)", `\frac{x}{2y}`, eq},
		{"x^2 + C", "x^2 + K", ne}, {`\frac{x^2-1}{x-1}`, "x+1", eq}, {"(x+y)^3", "x^3+3x^2y+3xy^2+y^3", eq}, {`\ln x^2`, `2\ln x`, un}, {`\sum_{k=1}^{n} k`, `\frac{n(n+1)}{2}`, eq},
		{`\prod_{k=1}^{5} k`, "120", eq}, {"a_1+a_2", "a_2+a_1", eq}, {"a_1", "a_2", ne}, {"ab", "ba", eq}, {`\lfloor x\rfloor`, "x", ne}, {"x!!", "x!", un},
		// lists, sets, tuples
		{"1,2,3", `\{3,1,2\}`, eq}, {"1,2,3", "(1,2,3)", eq}, {"3,1,2", "(1,2,3)", un}, {"1,2,3", "(1,2,4)", ne}, {"1,2", "(1,2)", un}, {"1,2", "(1,3)", ne}, {"(1,2)", "(2,1)", ne}, {"(1,2)", "(1,2,3)", ne}, {"1,1,2", "1,2", un}, {`\{1,1,2\}`, `\{1,2\}`, eq},
		{"x=2, y=3", "(2,3)", eq}, {"y=3, x=2", "x=2, y=3", eq}, {"x=2, y=3", "x=3, y=2", ne}, {"x=2, y=3", "(3,2)", un}, {"(x,y)=(2,3)", "(2,3)", eq}, {`\{5\}`, "5", eq},
		{`6\text{ or }-6`, `\pm 6`, eq}, {`\pm 6`, "6", ne}, {`x \in \{1,2\}`, "x=1 or x=2", eq}, {`x=\pm 6`, "-6,6", eq}, {"1 and 2", "2 and 1", eq}, {`\emptyset`, "no solution", eq}, {`\{\}`, `\emptyset`, eq},
		{`\begin{pmatrix}1\\2\end{pmatrix}`, "(1,2)", eq}, {`\langle 1,2\rangle`, "(1,2)", eq}, {`\begin{pmatrix}1\\2\end{pmatrix}`, `\begin{pmatrix}1&2\end{pmatrix}`, un},
		{`2\begin{pmatrix}1\\2\end{pmatrix}`, `\begin{pmatrix}2\\4\end{pmatrix}`, eq}, {"3:2", "6:4", eq}, {"3:2", "2:3", ne}, {"1:2:3", "2:4:6", eq}, {"3:2", "3/2", eq}, {"2:40", "1:20", ne},
		{`x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}`, `\frac{\pm\sqrt{b^2-4ac}-b}{2a}`, eq},
		// sets of reals
		{"x>2", `(2,\infty)`, eq}, {"x>2", `[2,\infty)`, ne}, {`x\ge2`, `[2,\infty)`, eq}, {"2<x", "x>2", eq}, {`\mathbb{R}`, `(-\infty,\infty)`, eq}, {"all real numbers", `(-\infty,\infty)`, eq},
		{`(-\infty,0)\cup(0,\infty)`, `x\ne0`, eq}, {`\mathbb{R}\setminus\{0\}`, `x\ne0`, eq}, {"2x+1<5", "x<2", eq}, {"-2x<4", "x>-2", eq}, {"x>2", "y>2", un}, {"x>2", "x<2", ne},
		{`[1,2]\cap[2,3]`, `\{2\}`, eq}, {`\{x : x>3\}`, `(3,\infty)`, eq}, {`\{x: 0<x\le 2\}`, "(0,2]", eq}, {`-\infty<x<3`, "x<3", eq}, {`x<\infty`, "x<3", ne}, {`\{x \mid x>3\}`, `(3,\infty)`, eq}, {"(1,2)", "1<x<2", eq}, {"(1,2)", `1\le x<2`, ne}, {`x^2<4`, "-2<x<2", un},
		// equations
		{"x^2+y^2=25", "y^2+x^2-25=0", eq}, {"3x-2y=6", "y=1.5x-3", eq}, {"y=2x+1", "y=2x-1", ne}, {"x=2", "y=2", un}, {"x=2", "y=3", ne}, {"f(x)=x^2", "y=x^2", eq}, {"y = x^2", "x^2", eq},
		{"x^2+y^2=25", "x^2+y^2=5", ne}, {"x=y", "x^2=y^2", ne}, {"ab=5", "5", ne}, {"2+3=5", "5", eq}, {"2+3=6", "6", ne}, {"AB=5", "5", eq}, {"x+1=3", "2", un}, {`\angle A = 40^\circ`, "40", eq}, {"|AB|=5", "5", eq},
		// words and choices
		{"(A)", "A", eq}, {"A", "B", ne}, {"B", "b", un}, {"(b)", "B", eq}, {"X", "x", ne}, {"A. 5", "5", eq}, {"(A) 5", "A", eq}, {`\text{Friday}`, "friday", eq}, {"Friday", "Monday", ne}, {"Yes", "No", ne},
		{"even", "odd", ne}, {"8:30", "8:30 pm", un}, {"8:30 P.M.", "20:30", eq}, {"8:30 am", "8:30 pm", ne}, {"none", "no solution", eq}, {"undefined", "does not exist", un}, {"abc", "cba", un}, {"5", "five", eq}, {"", "5", un}, {"", "", un},
		// what has no end
		{"9^9^9^9", "9^9^9^9", eq}, {"9^9^9^9", "9^9^9^8", un}, {"10^{10^{10}}", "10^{10^{10}}+1", un}, {"100000!", "100000!", eq}, {"100000!", "100001!", un}, {"10000000000!", "3", un},
	} {
		for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if v, why := Compare(p[0], p[1], Options{}); v != c.want {
				t.Errorf("%q and %q: %s (%s), want %s", p[0], p[1], v, why, c.want)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		o    Options
		want Verdict
	}{
		{"0.333", "1/3", Options{Tolerance: 1e-2}, eq}, {"0.333", "1/3", Options{Tolerance: 1e-4}, ne}, {"3.14", `\pi`, Options{Tolerance: 1e-3}, eq}, {"1/3", "33/100", Options{Tolerance: 0.1}, ne},
		{`(0.6,2.6667]`, `(\frac{3}{5},\frac{8}{3}]`, Options{Tolerance: 1e-4}, eq}, {"1,2", "2,1", Options{Ordered: true}, ne}, {"1,2", "1,2", Options{Ordered: true}, eq}, {`\{1,2\}`, `\{2,1\}`, Options{Ordered: true}, eq},
	} {
		if v, why := Compare(c.a, c.b, c.o); v != c.want {
			t.Errorf("%q and %q with %+v: %s (%s), want %s", c.a, c.b, c.o, v, why, c.want)
		}
	}
}
