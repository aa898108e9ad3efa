//go:build !linux

package outside

import (
	"os"
	"syscall"
	"time"

	"pawl/core"
)

func apart() *syscall.SysProcAttr { return nil }

func bound(int, core.Limits) {}

func kill(p *os.Process) { _ = p.Kill() }

func sweep(int, string, time.Time) {}

func signalName(s syscall.Signal) string { return s.String() }
