//go:build unix

package results

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Opening a pipe that nobody writes to would wait for ever.
func TestPipesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skipf("making a pipe: %v", err)
	}
	if _, err := Read(path, Options{}); err == nil || !strings.Contains(err.Error(), "pipe.yaml") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
