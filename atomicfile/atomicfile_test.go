package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/atomicfile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone demands that nothing but the file lies in its folder.
func alone(t *testing.T, path string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 || names[0].Name() != filepath.Base(path) {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

// Two write the same file: each is whole, the later one stands, and one that
// gives up takes nothing of the other's away.
func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	var files []*atomicfile.File
	for _, text := range []string{"first", "second", "dropped"} {
		f, err := atomicfile.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there before it is whole: %v", err)
	}
	files[2].Discard()
	for i, want := range []string{"first", "second"} {
		if err := files[i].Commit(); err != nil {
			t.Fatal(err)
		}
		files[i].Discard()
		if got := read(t, path); got != want {
			t.Errorf("after commit %d: %q, want %q", i, got, want)
		}
	}
	alone(t, path)
}

func TestFailureKeepsTheOld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	if err := atomicfile.WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	planned := errors.New("planned")
	err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "half of")
		return errors.Join(err, planned)
	})
	if !errors.Is(err, planned) || read(t, path) != "old" {
		t.Errorf("%v; the file holds %q", err, read(t, path))
	}
	alone(t, path)
}

// What a rename would replace by mistake, or could not, is refused before
// anything is written.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, os.DevNull} {
		if _, err := atomicfile.Create(path); err == nil || !strings.Contains(err.Error(), "writing "+path+": it is no regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := atomicfile.Create(filepath.Join(dir, "no", "such", "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
