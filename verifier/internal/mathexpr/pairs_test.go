package mathexpr

import (
	"os"
	"strings"
	"testing"
)

type pair struct {
	a, b   string
	equal  bool
	source string
}

func pairs(t testing.TB, file string) []pair {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []pair
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			t.Fatalf("%s: %q has %d fields", file, line, len(f))
		}
		out = append(out, pair{f[0], f[1], f[2] == "1", f[3]})
	}
	return out
}

func TestPairs(t *testing.T) {
	for _, file := range []string{"testdata/pairs.tsv", "testdata/held.tsv"} {
		var equal, found, differ, falsely, refuted int
		for _, p := range pairs(t, file) {
			v, why := Compare(p.a, p.b, Options{})
			if p.equal {
				equal++
			} else {
				differ++
			}
			switch {
			case p.equal && v == Equal:
				found++
			case p.equal:
				t.Logf("missed: %s (%s)\n\t%s\n\t%s", v, why, p.a, p.b)
			case v == Equal:
				falsely++
				t.Errorf("falsely equal\n\t%s\n\t%s", p.a, p.b)
			case v == Different:
				refuted++
			default:
				t.Logf("unsure (%s)\n\t%s\n\t%s", why, p.a, p.b)
			}
		}
		t.Logf("%s: of %d equal pairs %d are found equal (recall %.3f); of %d different ones %d are found different and %d falsely equal",
			file, equal, found, float64(found)/float64(equal), differ, refuted, falsely)
	}
}
