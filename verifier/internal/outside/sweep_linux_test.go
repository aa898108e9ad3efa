package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A process without an environment is in doubt if it is younger than what is
// swept up after, and only then.
func TestMidExec(t *testing.T) {
	before := time.Now()
	time.Sleep(50 * time.Millisecond) // more than the clock of processes rounds off
	bare := exec.Command("sleep", "60")
	bare.Env = []string{}
	if err := bare.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = bare.Process.Kill()
		_ = bare.Wait()
	}()
	dir := filepath.Join("/proc", strconv.Itoa(bare.Process.Pid))
	if !midExec(dir, before) {
		t.Error("a younger process is not in doubt")
	}
	time.Sleep(50 * time.Millisecond)
	if midExec(dir, time.Now()) {
		t.Error("an older process is in doubt")
	}
	if midExec(filepath.Join("/proc", "2"), time.Time{}) {
		if exe, err := os.Readlink("/proc/2/exe"); err != nil {
			t.Errorf("a thread of the kernel is in doubt: %s", exe)
		}
	}
	if midExec("/proc/none", before) {
		t.Error("no process is in doubt")
	}
}
