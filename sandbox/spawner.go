//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// spawner is a thread that starts the boxes of one slot. Two things hang on the
// thread that starts a process. The kernel sends the signal of a parent's death
// (bwrap's --die-with-parent) when that thread ends, so it must live as long as
// its boxes. And a child begins in the control groups of its parent: with
// version 1 the thread is a member of the slot's, and no process ever has to be
// moved, which stops all forks and exits of the machine for milliseconds.
//
// The kernel charges memory to the process, not to the thread, and looks for
// victims among the leaders of processes: the engine is not bounded with its
// boxes, as long as the thread is not its main one.
type spawner struct {
	calls chan func()
	ended chan struct{}
}

// newSpawner starts the thread and makes it a member of the group.
func newSpawner(g *group) (*spawner, error) {
	s := &spawner{calls: make(chan func()), ended: make(chan struct{})}
	joined := make(chan error)
	go onOtherThread(func() {
		defer close(s.ended)
		err := g.join()
		joined <- err
		if err != nil {
			return
		}
		for call := range s.calls {
			call()
		}
		g.leave()
	})
	return s, <-joined
}

// start is os.StartProcess, from the spawner's thread.
func (s *spawner) start(path string, args []string, attr *os.ProcAttr) (p *os.Process, err error) {
	done := make(chan struct{})
	s.calls <- func() {
		defer close(done)
		p, err = os.StartProcess(path, args, attr)
	}
	<-done
	return p, err
}

// close ends the thread, after its group has lost it.
func (s *spawner) close() {
	close(s.calls)
	<-s.ended
}

// onOtherThread runs f on a thread of its own that is not the main one. The thread
// is never unlocked: it ends with f, and takes what it is a member of with it.
func onOtherThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	// This is the main thread. While it is held here, another goroutine runs on
	// another.
	elsewhere := make(chan bool)
	go func() {
		runtime.LockOSThread()
		close(elsewhere)
		f()
	}()
	<-elsewhere
	runtime.UnlockOSThread()
}
