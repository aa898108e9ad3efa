package report

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestRender(t *testing.T) {
	files := fstest.MapFS{
		"engine.jsonl": {Data: []byte(`{"machine":{"cpu":"Some CPU","cores":2,"isa":"avx2","go":"go1.26","date":"2026-01-02","torch":{"torch":"1.13.1"}}}
{"what":"train","ours":236600,"theirs":67460,"unit":"tokens/s","ratio":3.507,"theirs_by":"oneDNN, 2 threads"}
{"what":"alone","ours":42.51,"theirs":null,"unit":"ms","ratio":null}
`)},
		"ledger.jsonl": {Data: []byte(`{"machine":{"cpu":"Some CPU","cores":2,"isa":"avx2","go":"go1.26","date":"2026-01-02"}}
{"what":"calls","ours":8060,"theirs":null,"unit":"calls/s","ratio":null}
`)},
		"broken.jsonl": {Data: []byte("{\n")},
		"empty.jsonl":  {Data: []byte("")},
	}
	doc := "before\n<!-- results: engine.jsonl -->\nold\n<!-- end -->\nmiddle\n" +
		"<!-- results: ledger.jsonl -->\n<!-- end -->\n<!-- results: none.jsonl -->\n<!-- end -->\nafter\n"
	want := `before
<!-- results: engine.jsonl -->

Some CPU, 2 cores, kernels for avx2, go1.26, PyTorch 1.13.1, 2026-01-02.

| what | Pawl | peer | unit | ratio |
|-|-:|-:|-|-:|
| train | 237,000 | 67,500 (oneDNN) | tokens/s | 3.51 |
| alone | 42.5 | – | ms | – |

<!-- end -->
middle
<!-- results: ledger.jsonl -->

Some CPU, 2 cores, kernels for avx2, go1.26, 2026-01-02.

| what | Pawl | unit |
|-|-:|-|
| calls | 8,060 | calls/s |

<!-- end -->
<!-- results: none.jsonl -->

Not measured yet.

<!-- end -->
after
`
	got, err := Render(files, []byte(doc))
	if err != nil || string(got) != want {
		t.Errorf("got\n%s\nwant\n%s\nerror %v", got, want, err)
	}
	again, err := Render(files, got)
	if err != nil || string(again) != want {
		t.Errorf("rendering what was rendered changes it:\n%s\nerror %v", again, err)
	}
	for _, name := range []string{"broken.jsonl", "empty.jsonl"} {
		if _, err := Render(files, []byte("<!-- results: "+name+" -->\n<!-- end -->")); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v does not name the file", name, err)
		}
	}
}
