package listfn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// everyProgram lists the programs of up to size operations, by length.
func everyProgram(size int) (all []program) {
	last := []program{nil}
	for range size {
		var next []program
		for _, p := range last {
			for o := range ops {
				next = append(next, append(slices.Clone(p), uint8(o)))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// The search against running every program.
func TestSearchIsBruteForce(t *testing.T) {
	all := everyProgram(3)
	rapid.Check(t, func(t *rapid.T) {
		p := anyProgram(t, 3)
		shown := make([]example, rapid.IntRange(1, 3).Draw(t, "examples"))
		for i := range shown {
			in, err := toList(rapid.SliceOfN(rapid.IntRange(0, 9), 0, 4).Draw(t, "in"))
			if err != nil {
				t.Fatal(err)
			}
			shown[i] = example{in, p.run(in)}
		}
		if rapid.Bool().Draw(t, "spoilt") {
			shown[0].out = program{8}.run(shown[0].out)
		}
		var want []string
		for _, q := range all {
			if q.agrees(shown) && (want == nil || len(q) == len(all[slices.IndexFunc(all, func(p program) bool { return p.String() == want[0] })])) {
				want = append(want, q.String())
			}
		}
		var got []string
		for _, q := range shortest(fitting(shown[0], 3), shown) {
			got = append(got, q.String())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v: found %v, want %v", shown, got, want)
		}
		if at := (program{}).agrees(shown); reachable(shown, 3) != (at || want != nil) {
			t.Fatalf("%v: reachable is %v, want %v", shown, !at, at)
		}
	})
}

// Whatever the first input, each function that is asked for can be, and the
// shown examples leave nothing open.
func TestPuzzlesAreDecidable(t *testing.T) {
	all := everyProgram(3)
	r := rand.New(rand.NewPCG(1, 2))
	for _, form := range []string{Induce, Repair} {
		for level := 1; level <= 5; level++ {
			of := levels[form][level-1]
			short := all[:slices.IndexFunc(append(all, make(program, 4)), func(p program) bool { return len(p) > of.ops })]
			asked := layers[of.length][of.ops]().asked
			if len(asked) < 15 {
				t.Fatalf("%s %d asks for %d functions", form, level, len(asked))
			}
			for i := 0; i < len(asked); i += 1 + len(asked)/60 {
				var dull list // zeros tell least
				for range of.length {
					dull.push(0)
				}
				z := makePuzzle(r, asked[i], dull, of)
				if !z.rightly(asked[i]) || form == Repair && z.rightly(z.wrong) {
					t.Fatalf("%s: %s is right, %s is wrong", z.prompt(), asked[i], z.wrong)
				}
				for _, p := range short {
					if p.agrees(z.shown) && (!p.agrees(z.hidden) || len(p) < of.ops) {
						t.Fatalf("%s leaves open whether %s", z.prompt(), p)
					}
				}
			}
		}
	}
}

func TestPoseRefuses(t *testing.T) {
	l := func(text string) list {
		l, _, err := readList(text)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, c := range []struct {
		size  int
		shown []example
		want  string
	}{
		{0, []example{{l("[1]"), l("[1]")}}, "programs of 0 operations: from 1 to 3 can be searched for"},
		{1, nil, "0 examples: there must be from 1 to 5"},
		{1, []example{{l("[]"), l("[]")}}, "an example of the empty list tells too little"},
		{2, []example{{l("[1]"), l("[70]")}}, "no program of at most 2 operations agrees with the examples"},
		{2, []example{{l("[3,1,2]"), l("[2,1,3]")}}, "rev agrees with the examples and has fewer than 2 operations"},
		{1, []example{{l("[3,1,2]"), l("[3,1]")}, {l("[4,5,4]"), l("[4,5]")}}, "init and take2 agree with the examples, but not with each other"},
	} {
		if _, err := pose(c.size, c.shown); err == nil || err.Error() != c.want {
			t.Errorf("%d %v: %v, want %s", c.size, c.shown, err, c.want)
		}
	}
}
