package verifier

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestMathematics(t *testing.T) {
	for _, c := range []struct {
		cfg  MathematicsConfig
		ref  core.Reference
		said []string
		want []float64
	}{
		{MathematicsConfig{}, core.Reference{Answer: `\frac{x+1}{2}`}, []string{`so \boxed{\tfrac x2+\tfrac12}`, `\boxed{\frac{x-1}{2}}`, `\boxed{\text{half of it}}`, ""}, []float64{1, 0, -1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "9 * 2 = 18\n#### 18"}, []string{"#### $18.00", "The answer is 36/2.", "19"}, []float64{1, 1, 0}},
		{MathematicsConfig{}, core.Reference{Solution: `thus \boxed{[2,5)}`}, []string{`\boxed{2 \le x < 5}`, `\boxed{(2,5)}`}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{}, []string{"5"}, []float64{-1}},
		{MathematicsConfig{Extract: Extract{From: "line"}}, core.Reference{Answer: "X"}, []string{"so\nX", "so\nx"}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "0.33"}, []string{`\boxed{1/3}`}, []float64{0}},
		{MathematicsConfig{Tolerance: 0.02}, core.Reference{Answer: "0.33"}, []string{`\boxed{1/3}`, `\boxed{2/5}`}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "1, 2"}, []string{`\boxed{2, 1}`}, []float64{1}},
		{MathematicsConfig{Order: true}, core.Reference{Answer: "1, 2"}, []string{`\boxed{2, 1}`}, []float64{0}},
	} {
		task := coretest.Task("t", "q", "")
		task.Reference = coretest.Reference(c.ref)
		ep := coretest.Episode(task, c.said...)
		j, err := mathematics{c.cfg}.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("reference %+v, %q: %v, %v; want %v", c.ref, c.said, values(j), err, c.want)
		}
		for _, s := range j.Scores {
			if (s.Abstain || s.Value == 0) && s.Rationale == "" {
				t.Errorf("%q is not 1 without a reason", c.said)
			}
		}
	}
}

func TestMathematicsAnswer(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", "1"), `\boxed{\frac{2}{4}}`, "The answer is 50%.", `\boxed{x = 0.5}`, `\boxed{\sqrt 2}`, "")
	var got []string
	for _, r := range ep.Leaves() {
		got = append(got, mathematics{}.Answer(ep, r))
	}
	if want := []string{"1/2", "50", "1/2", `\sqrt 2`, ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMathematicsReads holds what an answer is taken from, and that what has
// been taken is compared as it is written.
func TestMathematicsReads(t *testing.T) {
	pattern := Extract{From: "regex", Pattern: `(?s)<a>(.*?)</a>`}
	for _, c := range []struct {
		from      Extract
		ref, said string
		want      float64
	}{
		{pattern, "X", "<a>X</a>", 1}, {pattern, "X", "<a>x</a>", 0}, {pattern, "5", `<a>\boxed{5} or \boxed{6}</a>`, 0}, {pattern, "1,234", "<a>1 234</a>", 1}, {pattern, `\frac12`, "<a>1/2</a>", 1},
		{Extract{From: "json", Path: "$.a"}, "X", `{"a": "x"}`, 0}, {Extract{From: "json", Path: "$.a"}, "X", `{"a": "X"}`, 1}, {Extract{From: "json", Path: "$.a"}, "18", `{"a": "18 or 19"}`, 0},
		{Extract{From: "choice"}, "B", "The answer is (B).", 1}, {Extract{From: "choice"}, "C", "The answer is (B).", 0},
		{Extract{}, "18", "So the answer is **$18$**.", 1}, {Extract{}, "70000", "It costs 70 000", 1}, {Extract{}, "0", "It costs 70 000", 0}, {Extract{}, "70,000", "The answer is 70 000 dollars a year.", 1},
		// a part is not the whole
		{Extract{}, "5", "The answer is 5 or 6.", 0}, {Extract{}, "3", "The answer is 3, 4 and 5.", 0}, {Extract{}, "3, 4, 5", "The answer is 3, 4 and 5.", 1}, {Extract{}, "12", "The answer is 12 to 15.", -1}, {Extract{}, "5", "The answer is 5 thousand.", 0}, {Extract{}, "5000", "The answer is 5 thousand.", 1},
		{Extract{}, "6", "The answer is x = 5, y = 6.", 0}, {Extract{}, "30", "They meet at 12:30", -1}, {Extract{}, "12:30", "They meet at 12:30", 1}, {Extract{}, "4", "That leaves 3/4", 0}, {Extract{}, "3/4", `That leaves \frac{3}{4}`, 1}, {Extract{}, "2", "Hence y = x^2", -1}, {Extract{}, "2", `Hence 3\sqrt{2}`, -1}, {Extract{}, "2", "Hence y = 2x", -1},
		{Extract{}, "5", `\boxed{5}, no, \boxed{6}`, 0}, {Extract{}, "5", "#### 5\nno\n#### 6", 0}, {Extract{}, "5", "one of 3, 4, 5, 6", 0}, {Extract{}, "5", `\boxed{3, 4, 5, 6}`, 0},
	} {
		j, err := mathematics{MathematicsConfig{Extract: c.from}}.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", c.ref), c.said), nil)
		if err != nil || !slices.Equal(values(j), []float64{c.want}) {
			t.Errorf("%+v, reference %q, %q: %v, %v (%s); want %v", c.from, c.ref, c.said, values(j), err, j.Scores[0].Rationale, c.want)
		}
	}
}

func TestMathematicsIsBounded(t *testing.T) {
	for _, answer := range []string{strings.Repeat("(", 1<<20), strings.Repeat("9^", 2000) + "9", strings.Repeat("1,", 1<<19), `\boxed{` + strings.Repeat("{", 1<<20)} {
		j, err := mathematics{MathematicsConfig{Extract: Extract{From: "text"}}}.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "7"), answer), nil)
		if err != nil || j.Scores[0].Value != 0 || len(j.Scores[0].Rationale) > 4000 {
			t.Errorf("%.20q: %v, %v", answer, values(j), err)
		}
	}
}
