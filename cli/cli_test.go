package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pawl/model/openai/fakeserver"
)

// The test binary is the program itself where it is started as pawl, which is
// how scripts and kills reach the real thing.
func TestMain(m *testing.M) {
	if os.Getenv("PAWL_TEST_CHILD") != "" {
		os.Exit(Main())
	}
	testscript.Main(m, map[string]func(){"pawl": func() { os.Exit(Main()) }})
}

func TestScripts(t *testing.T) {
	tiny, err := os.ReadFile(filepath.Join("testdata", "tiny.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("PAWL_UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Values[upstreams{}] = map[string]*fakeserver.Server{}
			return os.WriteFile(filepath.Join(e.WorkDir, "tiny.yaml"), tiny, 0o666)
		},
		Condition: func(name string) (bool, error) {
			if name == "race" {
				return raceDetector, nil
			}
			return false, fmt.Errorf("no condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": jsonValue, "same": same, "sha256": digest, "rows": writeRows, "upstream": upstream, "fill": fill, "cut": cutEnd, "binary": noise, "ask": askServer,
		},
	})
}

// exits N COMMAND...: runs a command that must end with status N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND...")
	}
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("running %v: %v", args[1:], err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%v: exit status %d, want %s", args[1:], got, args[0])
	}
}

// json FILE [PATH [VALUE]]: the file is exactly one JSON document; at PATH,
// keys and indices parted by dots, there is something; it is VALUE.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	v := document(ts, args[0])
	if len(args) < 2 {
		return
	}
	found, ok := lookup(v, args[1])
	if ok == neg {
		ts.Fatalf("%s: %s: present is %v", args[0], args[1], ok)
	}
	if len(args) > 2 && fmt.Sprint(found) != args[2] {
		ts.Fatalf("%s: %s is %v, want %s", args[0], args[1], found, args[2])
	}
}

// same FILE FILE PATH...: both documents hold the same at every path.
func same(ts *testscript.TestScript, neg bool, args []string) {
	a, b := document(ts, args[0]), document(ts, args[1])
	for _, path := range args[2:] {
		x, ok := lookup(a, path)
		y, too := lookup(b, path)
		if !ok || !too {
			ts.Fatalf("%s is in %s: %v, in %s: %v", path, args[0], ok, args[1], too)
		}
		if equal := fmt.Sprint(x) == fmt.Sprint(y); equal == neg {
			ts.Fatalf("%s: %v and %v", path, x, y)
		}
	}
}

func document(ts *testscript.TestScript, file string) any {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	var v any
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("%s: %v", file, err)
	}
	if _, err := d.Token(); err != io.EOF {
		ts.Fatalf("%s: something stands after the document", file)
	}
	return v
}

func lookup(v any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// sha256 FILE DOCUMENT PATH: the digest of a file is what a document says.
func digest(ts *testscript.TestScript, neg bool, args []string) {
	want, _ := lookup(document(ts, args[1]), args[2])
	if got := sum([]byte(ts.ReadFile(args[0]))); got != want || neg {
		ts.Fatalf("%s has digest %s, %s says %v", args[0], got, args[2], want)
	}
}

// rows FILE N: sums as task rows.
func writeRows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	for i := range n {
		x, y := i%17, i/17
		fmt.Fprintf(&b, "{\"id\":\"s%d\",\"question\":\"%d+%d=\",\"answer\":%d,\"solution\":\"%d\"}\n", i, x, y, x+y, x+y)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// fill FILE BYTES: appends a row of that length.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "{\"question\":\"%s\",\"answer\":1}\n", strings.Repeat("x", n))
	ts.Check(errors.Join(err, f.Close()))
}

// cut FILE BYTES: takes so many bytes off the end.
func cutEnd(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	st, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), st.Size()-int64(n)))
}

// binary FILE: bytes that are no text.
func noise(ts *testscript.TestScript, _ bool, args []string) {
	b := make([]byte, 4096)
	for i := range b {
		b[i] = byte(i * 7)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}

// TestOutputThatCannotBePrinted: a result that nobody could read is a failure.
func TestOutputThatCannotBePrinted(t *testing.T) {
	for _, args := range [][]string{{"recipes"}, {"recipes", "--json"}, {"components"}} {
		var errs bytes.Buffer
		if status := Run(t.Context(), args, strings.NewReader(""), fullDisk{}, &errs); status != exitFailed || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%v: exit %d, %q; want 1 and the reason", args, status, errs.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
