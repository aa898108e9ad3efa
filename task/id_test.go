package task

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHostileIDs(t *testing.T) {
	for id, want := range map[string]string{
		strings.Repeat("z", 513):  "rows.jsonl:1: id: has 513 bytes; at most 512",
		`a\u001b[31m`:             `rows.jsonl:1: id: "a\x1b[31m" has a control character`,
		`a\u0000`:                 "has a control character",
		strings.Repeat("é", 256):  "",
		`math/algebra #7 (a), "x`: "",
	} {
		path := filepath.Join(t.TempDir(), "rows.jsonl")
		row := `{"id":"` + strings.ReplaceAll(id, `"`, `\"`) + `","prompt":"p","answer":"1"}`
		if err := os.WriteFile(path, []byte(row), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path, Options{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("id %.20q: %v, want %q", id, err, want)
		}
	}
}
