//go:build !linux || !(amd64 || arm64)

package sandbox

import (
	"context"
	"fmt"
	"runtime"

	"pawl/core"
)

// Sandbox cannot be had here.
type Sandbox struct{}

// Open says that there is no sandbox on this system.
func Open(Options) (*Sandbox, error) {
	return nil, fmt.Errorf("opening the sandbox: %w: it needs Linux on amd64 or arm64, this is %s/%s; run Pawl in a Linux machine or virtual machine", ErrUnavailable, runtime.GOOS, runtime.GOARCH)
}

func (*Sandbox) Run(context.Context, core.Program) (core.Ran, error) {
	return core.Ran{}, ErrUnavailable
}

func (*Sandbox) Start(context.Context, core.Program) (core.Process, error) {
	return nil, ErrUnavailable
}

func (*Sandbox) Identity() string { return "none" }
func (*Sandbox) Describe() string { return "none" }
func (*Sandbox) Weakness() string { return "" }
func (*Sandbox) Close() error     { return nil }
