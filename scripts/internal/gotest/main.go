// Command gotest runs `go test`, shows its usual output, and remembers the
// outcome of every single test, so that several runs can be summed up in one
// line.
//
//	gotest -log DIR/a.jsonl -race ./core ./store   runs go test -race ./core ./store
//	gotest -sum DIR/a.jsonl DIR/b.jsonl            prints the packages, then "N passed, N failed"
//
// Only tests without subtests count, and failing ones none of whose subtests
// failed. A test that ran twice counts once, as failed if it ever failed. What
// kept a package from running at all (it does not build, it panicked, it timed
// out) counts as one failure.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) >= 2 && args[0] == "-log" {
		return test(args[1], args[2:])
	}
	if len(args) >= 2 && args[0] == "-sum" {
		return sum(os.Stdout, args[1:])
	}
	fmt.Fprintln(os.Stderr, "usage: gotest -log FILE [go test arguments] | gotest -sum FILE...")
	return 2
}

// test runs go test with its events going to the log and its text to standard
// output. The exit status is that of go test.
func test(log string, args []string) int {
	file, err := os.Create(log)
	if err != nil {
		return complain(err)
	}
	defer file.Close()
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return complain(err)
	}
	if err := cmd.Start(); err != nil {
		return complain(err)
	}
	p := newPrinter(os.Stdout)
	err = events(io.TeeReader(out, file), p.see)
	waited := cmd.Wait()
	if err != nil {
		return complain(err)
	}
	var exit *exec.ExitError
	if errors.As(waited, &exit) {
		return max(exit.ExitCode(), 1) // -1: killed by a signal
	}
	if waited != nil {
		return complain(waited)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "gotest: running the tests:", err)
	return 1
}

// event is a line of go test -json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

// events calls see for each event. Lines that are none (go itself complaining)
// become output of no package.
func events(r io.Reader, see func(event)) error {
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				e = event{Action: "output", Output: string(line)}
			}
			see(e)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
