package mathexpr

import "testing"

type fooled struct {
	a, b string
	want Verdict
}

// holds compares in both orders.
func holds(t *testing.T, rows []fooled) {
	t.Helper()
	for _, c := range rows {
		for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if v, why := Compare(p[0], p[1], Options{}); v != c.want {
				t.Errorf("%q and %q: %s (%s), want %s", p[0], p[1], v, why, c.want)
			}
		}
	}
}

// TestNotFooledByPoints holds expressions that agree wherever one is likely to
// look: at points whose hashes add up, in a field whose prime divides what they
// differ by, on one side of a corner, and to more digits than are computed.
func TestNotFooledByPoints(t *testing.T) {
	holds(t, []fooled{
		// x+Y and X+y at points that are linear in their letters
		{"x+Y", "y+X", ne}, {"a+B", "A+b", ne}, {"x+Y", "Y+x", eq},
		// 2^61 = 1 modulo 2^61-1, and x^(p-1) = 1
		{"2^{61}x", "x", ne}, {"2305843009213693951x", "0", ne}, {"2305843009213693951x+1", "1", ne}, {"(x^{1152921504606846975})^2", "1", un}, {"(x-a)^{5999}(x-a)", "(x-a)^{6000}", eq},
		// below any fixed number of digits
		{"e+10^{-200}", "e", ne}, {`\pi+e^{-500}`, `\pi`, ne}, {`\sin(10^{-100})`, "10^{-100}", ne}, {`\cos(10^{-200})`, "1", ne}, {`\arctan(10^{200})`, `\frac{\pi}{2}`, ne},
		{`\ln(e^{1000}+1)`, "1000", ne}, {`\sqrt{10^{400}+1}`, "10^{200}", ne}, {`\cosh 200`, `\sinh 200`, ne}, {`\tanh 200`, "1", ne}, {`\tanh 10000`, "1", un}, {"(10^{-100})^{\\pi}", "0", ne},
		{"x+e^{-400}", "x", un}, {"f(1+10^{-100})", "f(1)", un}, {"e^{-400}", `\frac{1}{e^{400}}`, eq}, {`\ln(10^{200})`, `200\ln 10`, eq},
		// corners that lie far from nought, or near it
		{"|x+5000|", "x+5000", ne}, {"|x-10^9|", "10^9-x", ne}, {`\max(x,10^9)`, "10^9", ne}, {`\min(x,10^{10})`, "x", ne}, {`\sqrt{(x-10^9)^2}`, "10^9-x", ne}, {`\sqrt{(x-10^9)^2}`, "|x-10^9|", eq},
		{"|e^x-10^9|", "10^9-e^x", ne}, {"|x-0.001|+|x+0.001|", "2|x|", ne}, {`\operatorname{sgn}(x+10^9)`, "1", ne}, {`\sqrt{x+10^6}^2`, "x+10^6", un},
		// steps that are narrower than what lies between points
		{`\lfloor x-\frac13+10^{-9}\rfloor`, `\lfloor x-\frac13\rfloor`, un}, {`\lfloor 2x\rfloor`, `\lfloor x+x\rfloor`, eq},
		// whole numbers beyond those that are tried
		{`\binom{n}{200}`, "0", ne}, {`\binom{n}{500}`, `\binom{n}{501}`, ne}, {`\binom{n}{3000}`, "0", un}, {`\binom{n}{20}`, `\frac{n!}{20!(n-20)!}`, un},
	})
}

// TestNotFooledByNumerals holds numerals, dates and times that look like
// another.
func TestNotFooledByNumerals(t *testing.T) {
	holds(t, []fooled{
		{"1,234", "1, 234", un}, {"1,234", "1 and 234", un}, {"1,234", `\{1,234\}`, un}, {"1,234", "(1,234)", un}, {"1,234,567", "(1,234,567)", un}, {"1,234", "1234", eq}, {"1,234,567", "1234567", eq}, {"100,200,300", "100, 200, 300", un}, {"(1,)", "1", un},
		{"70 000", "70000", eq}, {"70 000", "70,000", eq}, {"70 000", "70", ne}, {"12 34", "1234", un}, {"**$18$**", "18", eq}, {"**18**.", "18", eq}, {"**$18$**", "19", ne},
		{"３－５", "-2", un}, {"１２", "12", eq}, {"1⁄2", "1/2", eq}, {"1⁄2", "12", ne}, {"√23", `3\sqrt2`, ne}, {"√23", `\sqrt{23}`, eq}, {"√(x+1)", `\sqrt{x}+1`, ne}, {`\sqrt 23`, `3\sqrt2`, un}, {`2√5`, `\sqrt{20}`, eq}, {"√1/2", `\frac12`, eq},
		{"3–5", "-2", un}, {"3-5", "-2", un}, {"5-3", "2", eq}, {"10–20", "-10", un}, {"–5", "-5", eq}, {"3-5", "3-5", eq}, {"3 - 5", "-2", un},
		{"2020-01-01", "2018", un}, {"01/02/2020", "1/4040", un}, {"1/2/2020", "1/4040", un}, {"12/25", "0.48", eq},
		{"12:30", "2:5", un}, {"12:30", "0.4", un}, {"10:30", "1/3", un}, {"3:15", "1:5", un}, {"1:02", "1:2", un}, {"6:4", "3:2", eq}, {"12:75", "13:15", un}, {"3:15", "3.25", un},
		// two readings of a slash
		{"1/2π", "π/2", un}, {"1/2√3", "√3/2", un}, {"1/2x", `\frac{x}{2}`, un}, {"6/2(1+2)", "9", un}, {"1/2(3)", "3/2", un}, {"y=1/2x", `y=\frac{x}{2}`, eq}, {"(1/2)π", "π/2", eq}, {"1/2", "0.5", eq}, {"0x10", "0", un}, {"~5", "5", un}, {"$~5$", "5", un}, {"5~cm", "5", eq}, {"0.33..", "0.33", un}, {"0.3 repeating", "0.3", un}, {"1/2 m", "0.5", un},
		{"h(2)", "2h", un}, {"2(h)", "2h", eq}, {`\pi(2)`, `2\pi`, eq},
	})
}

// TestNotFooledByUnits holds units, and words where units stand that are none.
func TestNotFooledByUnits(t *testing.T) {
	holds(t, []fooled{
		{"5 cm^2", "5 m^2", un}, {"5 km/h", "5 m/s", un}, {"5 m^2", `5\text{ m}^2`, eq}, {"5 m/s", "5 meters per second", eq}, {"5 m^3", "5 cm^2", un}, {"5 m^2", "6 cm^2", ne}, {"5 m", "5 cm", ne}, {"500 cm", "5 m", eq},
		{"5 tenths", "5", un}, {"5 hundredths", "5", un}, {"3 quarters", "3", un}, {"5 halves", "5", un}, {"5 tens", "5", un}, {"5 squared", "5", un}, {"5 below zero", "5", un}, {"5 wrong", "5", un}, {`2\times 3\text{ matrix}`, "6", un}, {"5 debt", "5", un}, {"5 k", "5", ne},
		{"5 thousands", "5", ne}, {"5 Million", "5", ne}, {"5 Million", "5000000", eq}, {"2 dozens", "24", eq}, {"5 lakh", "500000", eq}, {"5 square feet", "5", eq}, {"5 square", "5", un}, {"5 apples", "5", eq}, {"5 tenths", "5 tenths", eq},
		{"5 miles", "5 nautical miles", un}, {"5 years", "5 light years", un}, {"5 tons", "5 metric tons", un}, {"5 ounces", "5 fluid ounces", un}, {"5 percentage points", "5%", un}, {"5 percent", "5%", eq}, {`45\text{ deg}`, `45\text{ grad}`, un},
	})
}

// TestNotFooledByForm holds lists, names, signs, products and choices.
func TestNotFooledByForm(t *testing.T) {
	holds(t, []fooled{
		// which value is whose
		{"x=1, y=2", "2, 1", un}, {"x=1, y=2", "1, 2", eq}, {"y=2, x=1", "(2,1)", un}, {"b=1, a=2", "(1,2)", un}, {"x=1, x=2", "(1,2)", un}, {"x=1, x=2", "2, 1", eq}, {"x=1, y=2", `\{1,2\}`, un}, {"x=1, y=2", "(1,2)", eq},
		{"(y,x)=(1,2)", "(1,2)", un}, {"(x,y)=(1,2)", "(1,2)", eq}, {"x=3 and y=4", "x=3 or y=4", un}, {"x=3, y=4", "x=3 or y=4", un}, {"3 or 4", "3 and 4", un}, {"3 or 4", "3, 4", eq}, {"x=3 or x=4", "3, 4", eq}, {"x=3 or y=4", "(3,4)", un},
		// how often, and in what
		{"1,1,2", "1,2,2", un}, {"1,1,2", "2,1,1", eq}, {`\{\{1\}\}`, `\{1\}`, un}, {`\{\{1\}\}`, "1", ne}, {`\{\{1\},2\}`, `\{1,2\}`, un}, {`\{1\}`, "1", eq},
		// brackets the wrong way round
		{"[2,1]", `\emptyset`, ne}, {`(2,1)\cup(3,4)`, "(3,4)", un}, {`(5,3)\cap(1,9)`, `\emptyset`, un}, {`(1,2)\cap(2,3)`, `\emptyset`, eq}, {`\begin{pmatrix}1\\2\end{pmatrix}`, "(1,2]", ne}, {`\begin{pmatrix}1\\2\end{pmatrix}`, "[1,2]", eq},
		// signs that may go together
		{`\pm\sqrt2\pm\sqrt3`, `\sqrt2+\sqrt3, -\sqrt2-\sqrt3`, un}, {`\pm1\pm i`, `\pm i\pm 1`, eq}, {`\pm1\mp i`, "1-i, -1+i", eq}, {`(\pm1,\mp1)`, `(\pm1,\pm1)`, un}, {`(\pm1,2)`, "(1,2),(-1,2)", eq}, {`(\pm1,\pm2)`, "(1,2),(-1,-2)", un}, {`x=\pm1`, "x=1, y=-1", un}, {`x=\pm1`, "x=1 or x=-1", eq}, {`\pm1\pm2\pm3\pm4\pm5\pm6`, "21", un},
		// products that do not commute
		{`\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix}`, `\begin{pmatrix}0&1\\1&0\end{pmatrix}\begin{pmatrix}1&2\\3&4\end{pmatrix}`, ne}, {"(1,2)(2,3)", "(2,3)(1,2)", un}, {`[0,1]\times[2,3]`, `[2,3]\times[0,1]`, un}, {`\mathbb{R}\times\mathbb{Z}`, `\mathbb{Z}\times\mathbb{R}`, un},
		{`\vec a\times\vec b`, `\vec b\times\vec a`, un}, {`\vec a\times\vec b`, `\vec a\cdot\vec b`, un}, {`\mathbf{A}\mathbf{B}`, `\mathbf{B}\mathbf{A}`, un}, {`\mathbf{i}`, "i", ne}, {`2\mathbf{i}+3\mathbf{j}`, `3\mathbf{j}+2\mathbf{i}`, eq}, {`\mathbf{x}`, "x", eq}, {`2\vec a`, `\vec a+\vec a`, eq},
		// chains and equations
		{"x=3=4", "4", un}, {"x=2y=6", "6", un}, {"x=5+6=11", "11", eq}, {"1=2=3", "3", un}, {"f(2)=5", "f(3)=5", un}, {"f(2)=5", "g(2)=5", un}, {"f(2)=5", "f(2)=6", ne}, {"f(2)=5", "5", eq}, {"2+2=5", "2+3=5", un},
		{"m/n = 1/3", "1/3", eq}, {`\frac{m}{n}=\frac13`, "1/3", eq}, {"m/n = 1/3", "3", ne}, {"m/n=1/3", "n/m=3", eq}, {"m/n=1/3", "n/m=1/3", ne}, {"m+n=5", "5", ne},
		{"A^{-1}B", "BA^{-1}", un}, {"(AB)^{-1}", "A^{-1}B^{-1}", un}, {"A^{-1}B", "A^{-1}B", eq}, {"A^{-1}", `\frac{1}{A}`, eq}, {`\operatorname{arccot}(-1)`, `-\frac{\pi}{4}`, un}, {`\operatorname{arccot}(1)`, `\frac{\pi}{4}`, eq},
		// choices
		{"A", "(A) or (B)", ne}, {"(A)", "(A) and (B)", ne}, {"A", "(A) but not (B)", un}, {"A. 5", "A. 6", un}, {"(A) 5", "(A) 5.0", eq}, {"e", "(E)", un}, {"g", "(G)", un}, {"(b)", "B", eq}, {"(A) 5", "A", eq},
	})
}
