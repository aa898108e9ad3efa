package pawl

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A second command for the same file of rows leaves that of the first alone,
// and neither leaves anything behind.
func TestRowFilesApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	first, err := CreateRows(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := CreateRows(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Add(ScoreRow{ID: "a"}), second.Add(ScoreRow{ID: "b"})); err != nil {
		t.Fatal(err)
	}
	second.Drop()
	if err := first.Save(); err != nil {
		t.Fatal(err)
	}
	first.Drop()
	b, err := os.ReadFile(path)
	if want := "{\"id\":\"a\",\"sample\":0,\"scores\":null}\n"; err != nil || string(b) != want {
		t.Errorf("%q, %v; want %q", b, err, want)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}
