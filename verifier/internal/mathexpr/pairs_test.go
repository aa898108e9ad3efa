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

// TestPairs holds the corpus to what the documentation says of it: no two
// different answers are equal, and of equal ones hardly any is missed, where
// being unsure is a miss.
func TestPairs(t *testing.T) {
	all, different := 0, 0
	for _, file := range []string{"testdata/pairs.tsv", "testdata/held.tsv"} {
		var equal, found, falsely, refuted, differ int
		for _, p := range pairs(t, file) {
			v, why := Compare(p.a, p.b, Options{})
			if w, _ := Compare(p.b, p.a, Options{}); w != v {
				t.Errorf("%s: %s, but the other way round %s\n\t%s\n\t%s", p.source, v, w, p.a, p.b)
			}
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
				t.Errorf("%s: falsely equal\n\t%s\n\t%s", p.source, p.a, p.b)
			case v == Different:
				refuted++
			default:
				t.Logf("unsure (%s)\n\t%s\n\t%s", why, p.a, p.b)
			}
		}
		recall := float64(found) / float64(equal)
		t.Logf("%s: of %d equal pairs %d are found equal (recall %.3f); of %d different ones %d are found different and %d falsely equal",
			file, equal, found, recall, differ, refuted, falsely)
		if recall < 0.97 {
			t.Errorf("%s: recall is %.3f, want at least 0.97", file, recall)
		}
		all += equal + differ
		different += differ
	}
	if all < 300 || different < 100 {
		t.Errorf("%d pairs, %d of them different; the corpus has lost some", all, different)
	}
}
