package store

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzInspect gives any two files for a ledger and its log: looking at them
// never panics and changes nothing.
func FuzzInspect(f *testing.F) {
	dir := f.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	main, log := read("ledger.db"), read("ledger.db-wal")
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(main, log)
	f.Add(read("ledger.db"), []byte{})
	f.Add(main[:min(len(main), 100)], log[:60])
	f.Fuzz(func(t *testing.T, main, log []byte) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		for name, b := range map[string][]byte{path: main, path + "-wal": log} {
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_ = inspect(path, true, func(string) {})
		for name, b := range map[string][]byte{path: main, path + "-wal": log} {
			if got, err := os.ReadFile(name); err != nil || string(got) != string(b) {
				t.Fatalf("%s was changed: %v", name, err)
			}
		}
	})
}
