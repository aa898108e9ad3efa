package offline

import (
	"strings"
	"testing"
)

func TestPieces(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"one", "one"},
		{"one two", "one| two"},
		{"don't 12345, ok", "don't| 123|45|,| ok"},
		{" \n lead", " \n lead"},
		{"end  ", "end|  "},
		{"a++b", "a|+|+|b"},
		{"#### 18", "#|#|#|#| 18"},
		{"1 2 3", "1| 2| 3"},
	} {
		var got []string
		for p := range Pieces(c.text) {
			got = append(got, p)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q: %q, want %q", c.text, strings.Join(got, "|"), c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		most int
		want string
		cut  bool
	}{{0, "one two, three", false}, {2, "one two", true}, {3, "one two,", true}, {4, "one two, three", false}} {
		if got, cut := Cut("one two, three", c.most); got != c.want || cut != c.cut {
			t.Errorf("%d: %q, %v", c.most, got, cut)
		}
	}
}

// Pieces are the text, and Tokens counts them.
func FuzzPieces(f *testing.F) {
	f.Add("Hello, wörld 1234!\n")
	f.Add("\xff\xfe a")
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		var b strings.Builder
		for p := range Pieces(text) {
			if p == "" {
				t.Fatal("an empty piece")
			}
			b.WriteString(p)
			n++
		}
		if b.String() != text || n != Tokens(text) {
			t.Errorf("%q becomes %q in %d pieces", text, b.String(), n)
		}
		if got, cut := Cut(text, n); cut || got != text {
			t.Errorf("%d pieces of %d are cut", n, n)
		}
	})
}
