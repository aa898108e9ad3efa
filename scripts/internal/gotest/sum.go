package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// outcomes of tests, by package and test name ("" for the package itself).
type outcomes map[string]map[string]string

const (
	passed  = "pass"
	failed  = "fail"
	skipped = "skip"
	started = "run" // and never ended
)

// see takes an event in. A test that failed once stays failed.
func (o outcomes) see(e event) {
	switch e.Action {
	case passed, failed, skipped, started:
	default:
		return
	}
	if o[e.Package] == nil {
		o[e.Package] = map[string]string{}
	}
	if o[e.Package][e.Test] == failed {
		return
	}
	o[e.Package][e.Test] = e.Action
}

// count is of the leaves: see the package comment.
func (o outcomes) count() (pass, fail, skip int) {
	for _, tests := range o {
		inner := map[string]bool{}   // has subtests
		failing := map[string]bool{} // has failing subtests
		bad := false
		for name, what := range tests {
			ended := what != started
			for parent := parentOf(name); parent != ""; parent = parentOf(parent) {
				inner[parent] = true
				if what == failed || !ended {
					failing[parent] = true
				}
			}
		}
		for name, what := range tests {
			switch {
			case name == "":
			case what == failed || what == started:
				bad = true
				if !failing[name] {
					fail++
				}
			case inner[name]:
			case what == passed:
				pass++
			case what == skipped:
				skip++
			}
		}
		if tests[""] == failed && !bad {
			fail++ // it did not build, or died outside a test
		}
	}
	return pass, fail, skip
}

func parentOf(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ""
	}
	return name[:i]
}

// sum prints the packages' own lines of go test, failures, and the totals. It
// returns 1 if anything failed or nothing ran.
func sum(w io.Writer, logs []string) int {
	o := outcomes{}
	var lines []string
	for _, log := range logs {
		f, err := os.Open(log)
		if err != nil {
			return complain(err)
		}
		run := outcomes{}
		err = events(f, func(e event) {
			run.see(e)
			if e.Test == "" && packageLine(e.Output) {
				lines = append(lines, e.Output)
			}
		})
		f.Close()
		if err != nil {
			return complain(err)
		}
		o.merge(run)
	}
	for _, l := range lines {
		fmt.Fprint(w, l)
	}
	for _, pkg := range slices.Sorted(maps.Keys(o)) {
		for _, name := range slices.Sorted(maps.Keys(o[pkg])) {
			if what := o[pkg][name]; name != "" && (what == failed || what == started) {
				fmt.Fprintf(w, "--- FAIL: %s %s\n", pkg, name)
			}
		}
	}
	pass, fail, skip := o.count()
	if skip > 0 {
		fmt.Fprintf(w, "%d skipped\n", skip)
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", pass, fail)
	if fail > 0 || pass == 0 {
		return 1
	}
	return 0
}

// merge adds another run of perhaps the same tests. The worse outcome counts,
// but a test that was skipped in one run and passed in the other has passed.
func (o outcomes) merge(run outcomes) {
	worse := map[string]int{skipped: 0, passed: 1, started: 2, failed: 3}
	for pkg, tests := range run {
		if o[pkg] == nil {
			o[pkg] = map[string]string{}
		}
		for name, what := range tests {
			if old, ok := o[pkg][name]; !ok || worse[what] > worse[old] {
				o[pkg][name] = what
			}
		}
	}
}

func packageLine(s string) bool {
	for _, p := range []string{"ok  \t", "FAIL\t", "?   \t"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
