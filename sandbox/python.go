//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bootstrap brings an interpreter up in a box, where it waits for its program.
// It is ours until it runs it; nothing is asked of it after that.
//
//go:embed bootstrap.py
var bootstrap string

// probe is asked of an interpreter once: where its parts lie, as lines "KIND
// PATH". The libraries of extension modules are seen where the kernel maps them.
const probe = `
import os, sys
print("version", sys.version.replace("\n", " "))
print("binary", os.path.realpath(sys.executable))
for p in sys.path: print("path", p)
import resource
print("resource", getattr(resource, "__file__", ""))
for m in "ssl _sqlite3 _ctypes _lzma _bz2 zlib _hashlib _decimal _uuid pyexpat resource _json _pickle _struct _random".split():
    try: __import__(m)
    except ImportError: pass
for line in open("/proc/self/maps"):
    f = line.rstrip("\n").split(None, 5)
    if len(f) == 6 and f[5].startswith("/"): print("lib", f[5])
`

// interpreter is the host's Python, as a box needs it.
type interpreter struct {
	version  string
	binary   string   // no link, no shim
	resource string   // the module of that name; "" where it is built in
	paths    []string // files and folders that it reads, none below another
}

// findPython asks candidates in order; the real binary is what counts, not a
// version manager's shim.
func findPython(ctx context.Context, named string) (interpreter, error) {
	candidates := []string{named}
	if named == "" {
		candidates = []string{"/usr/bin/python3"}
		if at, err := exec.LookPath("python3"); err == nil {
			candidates = append(candidates, at)
		}
	}
	var last error
	for _, c := range candidates {
		in, err := askPython(ctx, c)
		if err == nil {
			return in, nil
		}
		last = err
	}
	return interpreter{}, fmt.Errorf("%w: looking for a Python interpreter: %v; install it (Debian: apt-get install python3, or scripts/setup)", ErrUnavailable, last)
}

func askPython(ctx context.Context, at string) (interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, at, "-I", "-S", "-c", probe)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	out, err := cmd.Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("asking %s where its parts are: %w", at, err)
	}
	var in interpreter
	var paths []string
	for line := range strings.Lines(string(out)) {
		kind, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch kind {
		case "version":
			in.version = value
		case "binary":
			in.binary = value
		case "resource":
			in.resource = value
		case "path":
			paths = append(paths, value)
		case "lib":
			if strings.Contains(filepath.Base(value), ".so") {
				paths = append(paths, filepath.Dir(value))
			}
		}
	}
	if in.version == "" || !filepath.IsAbs(in.binary) {
		return in, fmt.Errorf("asking %s where its parts are: it answered %.100q", at, out)
	}
	in.paths = outermost(append(paths, in.binary))
	return in, nil
}

// outermost drops what does not exist and what lies below another path.
func outermost(paths []string) []string {
	var kept []string
	for _, p := range paths {
		if p, err := filepath.EvalSymlinks(p); err == nil && filepath.IsAbs(p) {
			kept = append(kept, p)
		}
	}
	slices.Sort(kept)
	kept = slices.Compact(kept)
	return slices.DeleteFunc(slices.Clone(kept), func(p string) bool {
		return slices.ContainsFunc(kept, func(above string) bool { return strings.HasPrefix(p, above+"/") })
	})
}

// bootstrap is the text that the interpreter of a box begins with.
func (in interpreter) bootstrap() string {
	return strings.Replace(bootstrap, "RESOURCE", in.resource, 1)
}
