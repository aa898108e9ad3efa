package recipe

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse: lint never panics, every problem has a place, and an accepted
// page has an identity that parsing it again gives too.
func FuzzParse(f *testing.F) {
	f.Add([]byte(readFull(f)))
	files, _ := filepath.Glob("testdata/lint/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("<<: {<<: [{a: b}]}\n? [x]\n: y\n"))
	r := fixtures()
	f.Fuzz(func(t *testing.T, src []byte) {
		p, problems := Parse(r, "f.yaml", src)
		for _, x := range problems {
			if x.Line < 1 || x.Col < 1 || x.Message == "" || x.String() == "" {
				t.Errorf("a problem without place or message: %+v", x)
			}
		}
		if (p == nil) != (len(problems) > 0) {
			t.Fatalf("plan %v with problems %v", p, problems)
		}
		if p == nil {
			return
		}
		again, _ := Parse(r, "g.yaml", src)
		if string(p.Canonical()) != string(again.Canonical()) {
			t.Error("the identity depends on the parse")
		}
	})
}

func TestHostileDocuments(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		p, n := string(rune('a'+i-1)), string(rune('a'+i))
		if i == 1 {
			p = "a0"
		}
		bomb += n + ": &" + n + " [*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + "]\n"
	}
	deep := make([]byte, 0, 4000)
	for range 2000 {
		deep = append(deep, '[')
	}
	for name, src := range map[string]string{"bomb": bomb, "deep": string(deep), "binary": "\x00\x01", "latin": "a: \xff", "cycle": "a: &x {b: *x}"} {
		if _, problems := Parse(fixtures(), name, []byte(src)); len(problems) == 0 {
			t.Errorf("%s is accepted", name)
		}
	}
}
