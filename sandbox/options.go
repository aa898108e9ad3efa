package sandbox

import (
	"errors"
	"runtime"
	"time"

	"pawl/core"
)

// Kinds of sandbox.
const (
	Bubblewrap = "bubblewrap" // namespaces, seccomp, control groups: the default
	GVisor     = "gvisor"     // runsc: a kernel of its own between program and host
	Landlock   = "landlock"   // degraded: no namespaces; only where the others cannot be had
)

// Options of Open. The zero value is the default sandbox.
type Options struct {
	Kind        string      // "" for Bubblewrap; nothing else is ever chosen by itself
	Concurrency int         // programs at once; 0 for twice the processors
	Warm        int         // boxes kept ready; 0 for twice the processors, negative for none
	Limits      core.Limits // where a program names none; zero fields take the defaults
	Python      string      // interpreter; "" for /usr/bin/python3, then python3 of PATH
	Visible     []string    // host paths that commands may read, beside /usr
	Dir         string      // where boxes' files lie; "" for the system's temporary directory
	// UID is the first of the thousand user ids that boxes take, one each, where
	// the engine runs as root. No account may have them; engines of one machine
	// share them out. 0 for 62000.
	UID int
}

// DefaultLimits hold where neither program nor Options say otherwise.
var DefaultLimits = core.Limits{
	Wall: 20 * time.Second, CPU: 5 * time.Second, Memory: 256 << 20, Disk: 64 << 20, Output: 1 << 20, Processes: 64,
}

// ErrUnavailable marks errors of Open that say what is missing on this machine.
var ErrUnavailable = errors.New("no sandbox")

const defaultUID = 62000

func (o Options) withDefaults() Options {
	if o.Kind == "" {
		o.Kind = Bubblewrap
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 2 * runtime.GOMAXPROCS(0)
	}
	if o.Warm == 0 {
		o.Warm = 2 * runtime.GOMAXPROCS(0)
	}
	o.Warm = max(o.Warm, 0)
	if o.UID == 0 {
		o.UID = defaultUID
	}
	o.Limits = merge(o.Limits, DefaultLimits)
	return o
}

// merge takes the fields that l leaves zero from d.
func merge(l, d core.Limits) core.Limits {
	or := func(p *int64, v int64) {
		if *p <= 0 {
			*p = v
		}
	}
	or((*int64)(&l.Wall), int64(d.Wall))
	or((*int64)(&l.CPU), int64(d.CPU))
	or(&l.Memory, d.Memory)
	or(&l.Disk, d.Disk)
	or(&l.Output, d.Output)
	if l.Processes <= 0 {
		l.Processes = d.Processes
	}
	return l
}
