//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"os/exec"
	"sync"
	"testing"

	"pawl/core"
	"pawl/sandbox"
)

// What a box costs: a program that prints a line, beside the same interpreter
// without a sandbox. bench/compare measures them interleaved.
func BenchmarkPlainPython(b *testing.B) {
	for b.Loop() {
		if out, err := exec.Command("/usr/bin/python3", "-I", "-S", "-c", "print(42)").Output(); err != nil || string(out) != "42\n" {
			b.Fatal(string(out), err)
		}
	}
}

func BenchmarkCold(b *testing.B) { sequential(b, -1) }
func BenchmarkWarm(b *testing.B) { sequential(b, 0) }

func BenchmarkGVisor(b *testing.B) {
	s := available(b, sandbox.Options{Kind: sandbox.GVisor})
	for b.Loop() {
		answer(b, s)
	}
}

func sequential(b *testing.B, warm int) {
	s := open(b, sandbox.Options{Warm: warm})
	for b.Loop() {
		answer(b, s)
	}
}

func BenchmarkConcurrent(b *testing.B) {
	s := open(b, sandbox.Options{Concurrency: 8})
	work := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range work {
				answer(b, s)
			}
		})
	}
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
}

func answer(b *testing.B, s core.Sandbox) {
	if ran, err := s.Run(ctx, python("print(42)")); err != nil || string(ran.Stdout) != "42\n" {
		b.Errorf("%+v, %v", ran, err)
	}
}
