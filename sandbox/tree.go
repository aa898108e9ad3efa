//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc/PID/stat, the same on all machines
// that this runs on.
const clockTick = 10 * time.Millisecond

// treeUsed is the processor time of a process and those below it, with that of
// children they have reaped: what a control group would count.
func treeUsed(pid int) time.Duration {
	at := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(at + "/stat")
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 15 {
		return 0
	}
	var used time.Duration
	for _, n := range f[11:15] { // utime, stime, cutime, cstime
		ticks, _ := strconv.ParseInt(n, 10, 64)
		used += time.Duration(ticks) * clockTick
	}
	for _, child := range children(pid) {
		used += treeUsed(child)
	}
	return used
}

// children are the processes that a process has started or inherited.
func children(pid int) []int {
	var all []int
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, at := range threads {
		b, _ := os.ReadFile(at)
		for f := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}
