package core

import (
	"context"
	"io"
	"time"
)

// Sandbox runs programs that nobody vouches for. It satisfies what rule 9 of
// the house asks: such code runs here or not at all.
type Sandbox interface {
	// Run runs p to its end. What the program did wrong (a status, a signal, a
	// limit) is in Ran; an error says that the sandbox could not do its work or
	// that ctx ended, and nothing may be concluded about the program.
	Run(ctx context.Context, p Program) (Ran, error)
	// Start starts p for a conversation. The caller must Close the process,
	// and Stdin of p is not used.
	Start(ctx context.Context, p Program) (Process, error)
	// Identity is all of the sandbox that may change what a program answers:
	// its kind and its interpreters' versions. It enters the keys of the steps
	// whose components say that they need a sandbox.
	Identity() string
}

// Languages of programs.
const (
	LanguagePython   = "python"   // the host's python3, isolated (-I -S)
	LanguageStarlark = "starlark" // in a child process of this binary
	LanguageCommand  = "command"  // Args, an executable that the sandbox can see
)

// Program is what a sandbox runs.
type Program struct {
	Language string
	Source   string            // of the main file; unused by LanguageCommand
	Args     []string          // after the main file; the whole command line of LanguageCommand
	Files    map[string][]byte // beside the main file, by relative path; read-only
	Stdin    []byte
	Limits   Limits
}

// Limits bound one run. A zero field is the sandbox's default.
type Limits struct {
	Wall      time.Duration
	CPU       time.Duration
	Memory    int64 // bytes
	Disk      int64 // bytes of private scratch space
	Output    int64 // bytes of standard output and of standard error, each
	Processes int
}

// Names of limits that a run may have met, as Ran.Exceeded tells them.
const (
	ExceededWall   = "wall"
	ExceededCPU    = "cpu"
	ExceededMemory = "memory"
	ExceededOutput = "output"
)

// Ran is how a run ended.
type Ran struct {
	Exit     int    // status; -1 where a signal ended it
	Signal   string // such as "SIGKILL"; "" where none did
	Exceeded string // the limit that ended it; "" where none did
	Stdout   []byte // at most Limits.Output
	Stderr   []byte
	Wall     time.Duration
	CPU      time.Duration // of all its processes; 0 where unknown
	Memory   int64         // peak bytes of all its processes; 0 where unknown
}

// OK tells whether the program ended by itself, with status 0.
func (r Ran) OK() bool { return r.Exit == 0 && r.Signal == "" && r.Exceeded == "" }

// Process is a running program that is talked to.
type Process interface {
	Stdin() io.WriteCloser
	// Stdout ends (io.EOF) when the program does, or when it has written
	// Limits.Output bytes.
	Stdout() io.Reader
	// Wait waits for the end; Stdout of Ran is empty, the caller has read it.
	Wait() (Ran, error)
	// Close ends the program and all it started, at once, and frees what it
	// held. It may be called more than once, and after Wait.
	Close() error
}
