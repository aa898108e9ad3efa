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
