package store

import (
	"os"
	"time"
)

// owner identifies a process well enough to tell later whether it lives. A
// process id alone does not: ids are reused, and mean nothing on another host
// or in another namespace.
type owner struct {
	Host      string `json:"host"`
	PID       int    `json:"pid"`
	Boot      string `json:"boot,omitempty"`      // boot of the host
	Namespace string `json:"namespace,omitempty"` // of process ids
	Start     string `json:"start,omitempty"`     // when the process started, in ticks since boot
}

// environment is what a store needs of the world, replaceable in tests.
type environment struct {
	now       func() time.Time
	boot      func() time.Duration
	failpoint func(string)
	warn      func(string)
	self      owner
	alive     func(owner) (alive, known bool)
}

func newEnvironment(o Options) *environment {
	env := &environment{now: time.Now, boot: bootClock, failpoint: o.Failpoint, warn: o.Warn, self: self(), alive: alive}
	if env.failpoint == nil {
		env.failpoint = func(string) {}
	}
	if env.warn == nil {
		env.warn = func(string) {}
	}
	if o.Now != nil {
		env.now = o.Now
		env.boot = func() time.Duration { return time.Duration(o.Now().UnixNano()) }
	}
	return env
}

func (e *environment) clocks() (wall time.Time, boot time.Duration) { return e.now(), e.boot() }

// live reports whether a lease still binds others. A holder on this host that
// is known to be dead does not; otherwise time decides, on the boot clock
// where both sides share one.
func (e *environment) live(l leaseRow) bool {
	if l.Owner == (owner{}) {
		return false
	}
	if alive, known := e.alive(l.Owner); known && !alive {
		return false
	}
	if l.Owner.Boot != "" && l.Owner.Boot == e.self.Boot {
		return e.boot() < l.Boot
	}
	return e.now().Before(l.Expires)
}

func self() owner {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	o := owner{Host: host, PID: os.Getpid()}
	o.Boot, o.Namespace = bootID(), pidNamespace()
	o.Start = processStart(o.PID)
	return o
}

// alive reports whether the process lives, as far as this one can know.
func alive(o owner) (alive, known bool) {
	me := self()
	if o.Boot == "" || me.Boot == "" || o.Host != me.Host {
		return false, false
	}
	if o.Boot != me.Boot {
		return false, true // the host has restarted since
	}
	if o.Namespace != me.Namespace || o.Start == "" || me.Start == "" {
		return false, false
	}
	start := processStart(o.PID)
	return start != "" && start == o.Start, true
}
