//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stageSupervise is a stage that runs a command and reaps what it leaves: gVisor's
// kernel and file server, which outlive it for a moment, or the daemons of a
// program that has no process namespace, where user and control group do not
// both tell whose they are.
const stageSupervise = "pawl-sandbox-supervise"

// What the stage may take in a program's group, beside it.
const supervisorMemory, supervisorThreads = 32 << 20, 16

// supervised are the arguments of that stage for a command, which gets the first
// n of the stage's files.
func supervised(n int, path string, command []string) []string {
	return append([]string{stageSupervise, strconv.Itoa(n), path}, command...)
}

// supervise runs what supervised asks for, as the reaper of all below it. When the
// command has ended, or on SIGTERM, it kills what is left and returns the
// command's status, as shells tell it.
func supervise(args []string) int {
	runtime.GOMAXPROCS(1)
	n, path, command := 0, args[1], args[2:]
	fmt.Sscan(args[0], &n)
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	for fd := len(files); fd < n; fd++ {
		files = append(files, os.NewFile(uintptr(fd), "handed on"))
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: becoming a subreaper:", err)
		return statusBroken
	}
	p, err := os.StartProcess(path, command, &os.ProcAttr{Env: []string{}, Files: files})
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: starting what is supervised:", err)
		return statusBroken
	}
	os.Stdin.Close()
	for _, f := range files[3:] {
		f.Close()
	}
	var ended atomic.Bool
	go func() {
		<-stop
		for ended.Store(true); ; time.Sleep(time.Millisecond) {
			killBelow(os.Getpid())
		}
	}()
	status := 128 + int(unix.SIGKILL)
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil: // ECHILD: all is over
			return status
		case pid == p.Pid && ws.Exited() && !ended.Load():
			status = ws.ExitStatus()
		case pid == p.Pid && ws.Signaled():
			status = 128 + int(ws.Signal())
		}
		if pid == p.Pid {
			stop <- unix.SIGTERM
		}
	}
}

// killBelow kills the processes below this one.
func killBelow(pid int) {
	for _, child := range children(pid) {
		killBelow(child)
		unix.Kill(child, unix.SIGKILL)
	}
}
