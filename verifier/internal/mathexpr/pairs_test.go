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

func TestDev(t *testing.T) {
	for _, p := range pairs(t, "testdata/pairs.tsv") {
		v, why := Compare(p.a, p.b, Options{})
		switch {
		case p.equal && v != Equal:
			t.Errorf("MISS %s (%s)\n\t%s\n\t%s", v, why, p.a, p.b)
		case !p.equal && v == Equal:
			t.Errorf("FALSE EQUAL\n\t%s\n\t%s", p.a, p.b)
		case !p.equal && v == Unsure:
			t.Logf("unsure (%s)\n\t%s\n\t%s", why, p.a, p.b)
		}
	}
}
