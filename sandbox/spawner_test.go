//go:build linux && (amd64 || arm64)

package sandbox

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// The leader of the engine's process must not be a member of a box's control
// group: the kernel would end the engine where the box wants too much memory. A
// goroutine that others leave no other thread for is on the main one now and then.
func TestSpawnersAreNotTheMainThread(t *testing.T) {
	main := 0
	for range 3000 {
		at := make(chan int)
		go func() {
			at <- unix.Gettid()
			onOtherThread(func() {
				at <- unix.Gettid()
				runtime.UnlockOSThread() // so that thousands of threads need not end
			})
		}()
		if <-at == unix.Getpid() {
			main++
		}
		if tid := <-at; tid == unix.Getpid() {
			t.Fatal("a spawner is the main thread")
		}
	}
	t.Logf("%d of 3000 began on the main thread", main)
}
