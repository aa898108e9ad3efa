//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// starlarkFile is where a Starlark program lies in its slot's folder.
const starlarkFile = "main.star"

// dialect is Starlark with all that bounds on time and memory make harmless.
var dialect = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}

// playStarlark runs the program in the working directory and returns its exit
// status. What it prints goes to standard output, why it failed to standard
// error. Beside the language it has json, math, args (a list) and stdin().
func playStarlark(args []string, confine func() error) int {
	// All files are read before the process loses the right to open any.
	files, err := readAll(".")
	if err == nil {
		err = confine()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: starting Starlark:", err)
		return statusBroken
	}
	list := starlark.NewList(nil)
	for _, a := range args {
		list.Append(starlark.String(a))
	}
	known := starlark.StringDict{"json": json.Module, "math": math.Module, "args": list, "stdin": starlark.NewBuiltin("stdin", readInput)}
	loaded := map[string]*module{}
	thread := &starlark.Thread{Name: "main", Print: func(_ *starlark.Thread, s string) { fmt.Println(s) }}
	thread.Load = func(_ *starlark.Thread, name string) (starlark.StringDict, error) {
		m, ok := loaded[name]
		switch {
		case ok && m == nil:
			return nil, fmt.Errorf("loading %s: it loads itself", name)
		case ok:
			return m.globals, m.err
		}
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("loading %s: no such file", name)
		}
		loaded[name] = nil
		globals, err := starlark.ExecFileOptions(dialect, &starlark.Thread{Name: name, Load: thread.Load, Print: thread.Print}, name, text, known)
		loaded[name] = &module{globals, err}
		return globals, err
	}
	_, err = starlark.ExecFileOptions(dialect, thread, starlarkFile, files[starlarkFile], known)
	if err == nil {
		return 0
	}
	var failed *starlark.EvalError
	if errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, failed.Backtrace())
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

type module struct {
	globals starlark.StringDict
	err     error
}

func readInput(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(os.Stdin)
	return starlark.String(text), err
}

func readAll(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[strings.TrimPrefix(path, "./")], err = os.ReadFile(path)
		}
		return err
	})
	return files, err
}
