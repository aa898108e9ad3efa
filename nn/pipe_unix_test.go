//go:build unix

package nn

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Opening a pipe that nobody writes to would wait for ever.
func TestPipesAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "config.json"), 0o600); err != nil {
		t.Skipf("making a pipe: %v", err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "config.json is not a regular file") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
