package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// process is a program of a peer's that answers one JSON line with one JSON
// line, or with {"error": …}.
type process struct {
	name string // of the peer, for errors
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// startProcess starts cmd; what it writes to standard error is passed on.
func startProcess(name string, cmd *exec.Cmd) (*process, error) {
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
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return &process{name, cmd, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

// ask sends a command with its arguments and reads the answer into reply.
func (p *process) ask(command string, args map[string]any, reply any) error {
	m := map[string]any{"cmd": command}
	for k, v := range args {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("asking %s to %s: %w", p.name, command, err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("asking %s to %s: it ended: %w", p.name, command, err)
	}
	var failed struct{ Error string }
	if json.Unmarshal(line, &failed) == nil && failed.Error != "" {
		return fmt.Errorf("asking %s to %s: %s", p.name, command, strings.TrimSpace(failed.Error))
	}
	return json.Unmarshal(line, reply)
}

// close ends the process by closing its input.
func (p *process) close() {
	p.in.Close()
	// The figures are in already; how it exits changes nothing.
	_ = p.cmd.Wait()
}
