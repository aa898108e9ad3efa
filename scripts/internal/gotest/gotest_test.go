package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `{"Action":"start","Package":"p/a"}
{"Action":"run","Package":"p/a","Test":"TestOne"}
{"Action":"output","Package":"p/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"pass","Package":"p/a","Test":"TestOne"}
{"Action":"run","Package":"p/a","Test":"TestTwo"}
{"Action":"run","Package":"p/a","Test":"TestTwo/x"}
{"Action":"output","Package":"p/a","Test":"TestTwo/x","Output":"    a_test.go:9: wrong\n"}
{"Action":"fail","Package":"p/a","Test":"TestTwo/x"}
{"Action":"run","Package":"p/a","Test":"TestTwo/y"}
{"Action":"pass","Package":"p/a","Test":"TestTwo/y"}
{"Action":"fail","Package":"p/a","Test":"TestTwo"}
{"Action":"run","Package":"p/a","Test":"TestThree"}
{"Action":"output","Package":"p/a","Test":"TestThree","Output":"hidden\n"}
{"Action":"skip","Package":"p/a","Test":"TestThree"}
{"Action":"output","Package":"p/a","Output":"FAIL\tp/a\t0.1s\n"}
{"Action":"fail","Package":"p/a"}
{"ImportPath":"p/b","Action":"build-output","Output":"b.go:1: broken\n"}
{"ImportPath":"p/b","Action":"build-fail"}
{"Action":"output","Package":"p/b","Output":"FAIL\tp/b [build failed]\n"}
{"Action":"fail","Package":"p/b","FailedBuild":"p/b"}
{"Action":"run","Package":"p/c","Test":"TestPanics"}
{"Action":"output","Package":"p/c","Test":"TestPanics","Output":"panic: no\n"}
{"Action":"output","Package":"p/c","Output":"FAIL\tp/c\t0.1s\n"}
{"Action":"fail","Package":"p/c"}
{"Action":"output","Package":"p/d","Output":"PASS\n"}
{"Action":"output","Package":"p/d","Output":"ok  \tp/d\t0.1s\n"}
{"Action":"pass","Package":"p/d"}
go: something is wrong
`

func TestPrinterShowsWhatGoTestShows(t *testing.T) {
	var b strings.Builder
	if err := events(strings.NewReader(sample), newPrinter(&b).see); err != nil {
		t.Fatal(err)
	}
	want := "    a_test.go:9: wrong\nFAIL\tp/a\t0.1s\nb.go:1: broken\nFAIL\tp/b [build failed]\n" +
		"FAIL\tp/c\t0.1s\npanic: no\nok  \tp/d\t0.1s\ngo: something is wrong\n"
	if b.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", b.String(), want)
	}
}

func TestSum(t *testing.T) {
	dir := t.TempDir()
	log := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := `{"Action":"pass","Package":"p/d","Test":"TestA"}` + "\n" +
		`{"Action":"skip","Package":"p/d","Test":"TestB"}` + "\n" +
		`{"Action":"pass","Package":"p/d"}` + "\n"
	other := strings.ReplaceAll(good, `"skip"`, `"pass"`)
	for _, c := range []struct {
		name string
		logs []string
		last string
		exit int
	}{
		// TestTwo/x, the package that does not build, and the panic.
		{"failures", []string{log("1", sample)}, "2 passed, 3 failed", 1},
		{"all well", []string{log("2", good)}, "1 passed, 0 failed", 0},
		{"twice is once, and skipped once is passed", []string{log("3", good), log("4", other)}, "2 passed, 0 failed", 0},
		{"failed once is failed", []string{log("5", sample), log("6", strings.ReplaceAll(sample, `"fail"`, `"pass"`))}, "2 passed, 3 failed", 1},
		{"nothing ran", []string{log("7", "")}, "0 passed, 0 failed", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			exit := sum(&b, c.logs)
			lines := strings.Split(strings.TrimSpace(b.String()), "\n")
			if got := lines[len(lines)-1]; got != c.last || exit != c.exit {
				t.Errorf("got %q, exit %d; want %q, exit %d\n%s", got, exit, c.last, c.exit, b.String())
			}
		})
	}
}
