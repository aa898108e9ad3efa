package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed engine.py
var engineScript []byte

// peer is a Python process that answers one JSON line with one JSON line. One
// process per number of threads: BLAS fixes its own at start.
type peer struct {
	threads int
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// hasTorch reports whether the peer is there, and if not, why.
func hasTorch(ctx context.Context, python string) error {
	out, err := exec.CommandContext(ctx, python, "-c", "import torch").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s cannot import torch (%s%v)", python, lastLine(out), err)
	}
	return nil
}

func lastLine(b []byte) string {
	last := ""
	for i, j := 0, 0; j <= len(b); j++ {
		if j == len(b) || b[j] == '\n' {
			if j > i {
				last = string(b[i:j]) + "; "
			}
			i = j + 1
		}
	}
	return last
}

// startPeer runs the script from dir with a number of threads.
func startPeer(ctx context.Context, o *options, dir string, threads int) (*peer, error) {
	script := filepath.Join(dir, "engine.py")
	if err := os.WriteFile(script, engineScript, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.python, script, "--threads", strconv.Itoa(threads))
	cmd.Env = append(os.Environ(), peerEnvironment(o.isa)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", o.python, err)
	}
	return &peer{threads, cmd, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

// ask sends a command with its arguments and reads the answer into reply.
func (p *peer) ask(command string, args map[string]any, reply any) error {
	m := map[string]any{"cmd": command}
	for k, v := range args {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("asking Python to %s: %w", command, err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("asking Python to %s: it ended: %w", command, err)
	}
	return json.Unmarshal(line, reply)
}

// close ends the process by closing its input.
func (p *peer) close() {
	p.in.Close()
	// The figures are in already; how it exits changes nothing.
	_ = p.cmd.Wait()
}
