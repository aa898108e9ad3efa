package listfn

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOperations(t *testing.T) {
	for _, c := range []struct {
		program string
		in, out []int
	}{
		{"rev", []int{3, 1, 4}, []int{4, 1, 3}},
		{"sort", []int{3, 1, 4, 1}, []int{1, 1, 3, 4}},
		{"tail", []int{3, 1, 4}, []int{1, 4}},
		{"tail", nil, nil},
		{"init", []int{3, 1, 4}, []int{3, 1}},
		{"init", nil, nil},
		{"take2", []int{3, 1, 4}, []int{3, 1}},
		{"take2", []int{3}, []int{3}},
		{"rot", []int{3, 1, 4}, []int{1, 4, 3}},
		{"rot", nil, nil},
		{"add1", []int{9, 99}, []int{10, 0}},
		{"dbl", []int{3, 50}, []int{6, 0}},
		{"acc", []int{3, 1, 4}, []int{3, 4, 8}},
		{"acc", []int{60, 60, 1}, []int{60, 20, 21}},
		{"evens", []int{0, 3, 4}, []int{0, 4}},
		{"odds", []int{0, 3, 4}, []int{3}},
		{"uniq", []int{3, 1, 3, 1, 2}, []int{3, 1, 2}},
		{"sum", []int{3, 1, 4}, []int{8}},
		{"sum", []int{99, 99, 3}, []int{1}},
		{"sum", nil, []int{0}},
		{"max", []int{3, 4, 4}, []int{4}},
		{"max", nil, nil},
		{"min", []int{3, 1, 1}, []int{1}},
		{"min", nil, nil},
		{"len", []int{3, 1, 1}, []int{3}},
		{"len", nil, []int{0}},
		{"rev|add1", []int{3, 1}, []int{2, 4}},
		{" rev | add1 ", []int{3, 1}, []int{2, 4}},
	} {
		got, err := Run(c.program, c.in)
		if err != nil || !slices.Equal(got, c.out) {
			t.Errorf("%s of %v is %v, %v; want %v", c.program, c.in, got, err, c.out)
		}
	}
	for _, o := range Ops() {
		if _, err := Run(o.Name, []int{1}); err != nil || o.Doc == "" {
			t.Errorf("operation %+v: %v", o, err)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		program string
		in      []int
		want    string
	}{
		{"", nil, `no operation named ""`},
		{"rev|", nil, `no operation named ""`},
		{"rev|flip", nil, `no operation named "flip"`},
		{strings.Repeat("rev|", MaxOps) + "rev", nil, "9 operations are more than 8"},
		{"rev", make([]int, MaxLen+1), "13 numbers are more than 12"},
		{"rev", []int{-1}, "-1 is not in 0..99"},
		{"rev", []int{100}, "100 is not in 0..99"},
	} {
		if _, err := Run(c.program, c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %v: %v, want %s", c.program, c.in, err, c.want)
		}
	}
}

func anyList(t *rapid.T) []int {
	return rapid.SliceOfN(rapid.IntRange(0, Values-1), 0, MaxLen).Draw(t, "list")
}

func anyProgram(t *rapid.T, most int) program {
	return program(rapid.SliceOfN(rapid.Uint8Max(uint8(len(ops)-1)), 1, most).Draw(t, "program"))
}

func TestProgramsAreTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, p := anyList(t), anyProgram(t, MaxOps)
		out, err := Run(p.String(), in)
		if err != nil || len(out) > max(len(in), 1) {
			t.Fatalf("%s of %v is %v, %v", p, in, out, err)
		}
		again, err := toList(out)
		if err != nil {
			t.Fatal(err)
		}
		l, rest, err := readList(again.String() + "x")
		if err != nil || l != again || rest != "x" {
			t.Fatalf("%s reads as %s, %q, %v", again, l, rest, err)
		}
		for _, x := range l.v[l.n:] {
			if x != 0 {
				t.Fatalf("%s of %v leaves %d behind its end", p, in, x)
			}
		}
	})
}

// FuzzRun wants the interpreter to refuse or to stay within its bounds.
func FuzzRun(f *testing.F) {
	f.Add("rev|add1", []byte{3, 1})
	f.Add("sum|", []byte{})
	f.Add("acc|acc|dbl|uniq", []byte{99, 98, 1, 200})
	f.Fuzz(func(t *testing.T, text string, bytes []byte) {
		in := make([]int, len(bytes))
		for i, b := range bytes {
			in[i] = int(b)
		}
		out, err := Run(text, in)
		if err == nil && (len(out) > MaxLen || len(out) > 0 && slices.Max(out) >= Values) {
			t.Fatalf("%q of %v is %v", text, in, out)
		}
	})
}
