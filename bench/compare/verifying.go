package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// The file that `pawl verify` is measured on: as many samples of each task.
const (
	verifyTasks   = 100_000
	verifySamples = 10
)

// verifySpeed runs `pawl verify` on a file of a million completions, as a command
// in a fresh data directory, and once more where all has been judged.
func verifySpeed(ctx context.Context, o *options, rep *reporter) error {
	const what = "pawl verify"
	if !o.wants(what) {
		return nil
	}
	dir, err := os.MkdirTemp("", "pawl-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tasks, done := filepath.Join(dir, "tasks.jsonl"), filepath.Join(dir, "completions.jsonl")
	if err := writeSums(tasks, done); err != nil {
		return err
	}
	pawl := filepath.Join(dir, "pawl")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", pawl, "pawl/cmd/pawl").CombinedOutput(); err != nil {
		return fmt.Errorf("building pawl: %w: %s", err, bytes.TrimSpace(out))
	}
	for _, v := range []string{"exact", "majority_vote"} {
		data := filepath.Join(dir, v)
		for _, when := range []string{"", ", all judged before"} {
			cmd := exec.CommandContext(ctx, pawl, "verify", v, "--tasks", tasks, "--completions", done, "--dir", data, "--results", filepath.Join(dir, "scores.jsonl"))
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("pawl verify %s: %w: %s", v, err, bytes.TrimSpace(out))
			}
			seconds := time.Since(start).Seconds()
			name := fmt.Sprintf("pawl verify %s, %d rows%s", v, verifyTasks*verifySamples, when)
			rep.add(name, "rows/s", verifyTasks*verifySamples/seconds, 0)
			if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				rep.add(name+", memory at its peak", "MB", float64(u.Maxrss)/1e3, 0)
			}
		}
	}
	return nil
}

// writeSums makes tasks and completions: sums, of which six in ten are right.
func writeSums(tasks, done string) error {
	files := make([]*bufio.Writer, 2)
	for i, path := range []string{tasks, done} {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = bufio.NewWriterSize(f, 1<<20)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range verifyTasks {
		a, b := r.IntN(1000), r.IntN(1000)
		fmt.Fprintf(files[0], "{\"id\": \"t%d\", \"question\": \"What is %d + %d?\", \"answer\": \"%d\"}\n", i, a, b, a+b)
		for k := range verifySamples {
			c := a + b
			if r.IntN(10) >= 6 {
				c += 1 + r.IntN(3)
			}
			fmt.Fprintf(files[1], "{\"id\": \"t%d\", \"sample\": %d, \"completion\": \"We add %d and %d, digit by digit, and get %d. #### %d\"}\n", i, k, a, b, c, c)
		}
	}
	for _, f := range files {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	return nil
}
