package verifier

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for _, same := range [][]string{
		{"18", " 18 ", "18.", "$18", "18.0", "18.00", "+18"[1:], "18 dollars", "$18.00", "18 sheep", "**18**", `\$18`, "018"},
		{"80000", "80,000", "$80,000.00", "80,000 dollars"},
		{"-3", "−3", "-3.0", "-$3"},
		{"1/2", "0.5", ".5", "2/4", `\frac{1}{2}`, `\dfrac{2}{4}`, "0.50"},
		{"25", "25%", `25\%`},
		{"paris", "Paris", " PARIS. ", `\text{Paris}`},
		{"b", "(B)", "B", "B."},
		{"x + 1", "X  +\n1"},
		{"1,2"},
		{"2 or 3"},
		{""},
	} {
		for _, s := range same[1:] {
			if got, want := Canonical(s), Canonical(same[0]); got != want {
				t.Errorf("Canonical(%q) = %q, Canonical(%q) = %q; want them equal", s, got, same[0], want)
			}
		}
	}
	different := []string{"18", "-18", "1.8", "180", "18/5", "1,8", "x", "18x + 1", "18 or 19", "x = 18", ""}
	seen := map[string]string{}
	for _, s := range different {
		c := Canonical(s)
		if other, ok := seen[c]; ok {
			t.Errorf("%q and %q are one answer, %q", s, other, c)
		}
		seen[c] = s
	}
}

func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune(`0123456789.,-/ $%\{}()abcXY*`))).Draw(t, "s")
		once := Canonical(s)
		if strings.TrimSpace(once) != once {
			t.Fatalf("Canonical(%q) = %q keeps spaces", s, once)
		}
		if Canonical(" "+s+"\n") != once {
			t.Fatalf("spaces around %q change %q to %q", s, once, Canonical(" "+s+"\n"))
		}
	})
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct{ from, text, want string }{
		{"auto", "16 - 3 - 4 = 9\n9 * 2 = $18\n#### 18", "18"},
		{"auto", "#### 1\nno, wait\n#### 1,234 eggs\n", "1234"},
		{"auto", `so $x^2 = 9$ and \boxed{\frac{3}{4}} holds for 5`, "3/4"},
		{"auto", `\boxed{\text{(B)}}`, "b"},
		{"auto", `\boxed{12`, "12"}, // cut off: the last number then
		{"auto", "The answer is 42.", "42"},
		{"auto", "The answer is: 42. I checked it 3 times.", "42"},
		{"auto", "So the answer is 5 + 3 = 8", "8"},
		{"auto", "Final answer: $18 per day, since 9 * 2", "18"},
		{"auto", "the answer is -7, I think", "-7"},
		{"auto", "He has 3 bags\nA: 90,000", "90000"},
		{"auto", "answer: yes", "yes"},
		{"auto", "5 9 14 3 14 17 17 17 14", "14"},
		{"auto", "7-5", "5"},
		{"auto", "it is -5", "-5"},
		{"auto", "I do not know", "i do not know"},
		{"auto", "line one\nMaybe\n", "maybe"},
		{"auto", "", ""},
		{"auto", " \n ", ""},
		{"hashes", "the answer is 42", ""},
		{"hashes", "#### 42", "42"},
		{"boxed", "#### 42", ""},
		{"phrase", "#### 42", ""},
		{"number", "the answer is 42, not 43", "43"},
		{"line", "1\nThe End", "the end"},
		{"text", "a\nb", "a b"},
	} {
		if got := (Extract{From: c.from}).Answer(c.text); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.from, c.text, got, c.want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"#### 18", `\boxed{1}`, "the answer is 1/0", "A: -", "1,2,3.4.5", `\frac{1}{0}`, strings.Repeat("9", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, from := range []string{"", "hashes", "boxed", "phrase", "number", "line", "text"} {
			a := Extract{From: from}.Answer(s)
			if strings.TrimSpace(a) != a {
				t.Fatalf("%s of %q keeps spaces: %q", from, s, a)
			}
		}
	})
}
