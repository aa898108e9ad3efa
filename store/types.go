package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pawl/core"
)

// InlineSize is the largest content kept in the ledger rather than in a file.
const InlineSize = 16 << 10

// Errors to match with errors.Is.
var (
	ErrFenced   = errors.New("the lease was taken over")
	ErrHeld     = errors.New("another process holds the lease")
	ErrExists   = errors.New("already exists")
	ErrNotFound = errors.New("not found")
	ErrCorrupt  = errors.New("stored data is damaged")
	ErrNewer    = errors.New("the store was written by a newer pawl")
	ErrClosed   = errors.New("the store is closed")
)

// Status of a run.
type Status string

// The states of a run. A run that is Running with no live lease was killed.
const (
	Running     Status = "running"
	Done        Status = "done"
	Failed      Status = "failed"
	Interrupted Status = "interrupted"
)

// Run is one loop over one recipe.
type Run struct {
	ID        string                 `json:"id"`
	Recipe    string                 `json:"recipe"`    // name
	Text      string                 `json:"text"`      // the recipe as it was given
	Canonical core.Digest            `json:"canonical"` // of the plan: recipe with defaults filled in
	Seed      uint64                 `json:"seed"`
	Model     string                 `json:"model,omitempty"`
	Status    Status                 `json:"status"`
	Created   time.Time              `json:"created"`
	Updated   time.Time              `json:"updated"`
	Policies  map[string]core.Policy `json:"policies,omitempty"` // in force, by the recipe's names
	Summary   json.RawMessage        `json:"summary,omitempty"`  // the document that the run printed last
	Holder    *Holder                `json:"holder,omitempty"`   // of the live lease; nil: nobody advances the run
}

// Holder tells who holds a lease.
type Holder struct {
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"` // unless renewed
}

func (h Holder) String() string {
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.Local().Format(time.DateTime))
}

// Step is a finished step.
type Step struct {
	Key     core.Key        `json:"key"`
	Kind    string          `json:"kind"`
	Run     string          `json:"run"` // that did the work; other runs may use it
	Output  core.Digest     `json:"output"`
	Stats   json.RawMessage `json:"stats,omitempty"`
	Started time.Time       `json:"started"`
	Seconds float64         `json:"seconds"`
}

// Attempt is one try at a step, recorded before the work. Outcome tells what
// is known of it.
type Attempt struct {
	Key     core.Key  `json:"key"`
	N       int       `json:"n"` // 1-based
	Kind    string    `json:"kind"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`         // "unknown", "done", "failed"
	Cause   string    `json:"cause,omitempty"` // of failure
}

// Outcomes of attempts.
const (
	OutcomeUnknown = "unknown" // still working, or killed: what it paid for may be lost
	OutcomeDone    = "done"
	OutcomeFailed  = "failed"
)

// Checkpoint is the last state of a step that has not finished.
type Checkpoint struct {
	Key      core.Key    `json:"key"`
	Digest   core.Digest `json:"digest"`
	Size     int64       `json:"size"`     // bytes, uncompressed
	Progress float64     `json:"progress"` // as the step counts it
	At       time.Time   `json:"at"`
}

// Event is an entry of a run's journal: a round, a verdict, an audit.
type Event struct {
	Run  string          `json:"run"`
	Seq  int64           `json:"seq"` // 1, 2, 3, … without gaps
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// Promotion is an entry of a run's history of policies. Rows are appended and
// never changed; a rollback is one more row.
type Promotion struct {
	Run      string                 `json:"run"`
	Seq      int64                  `json:"seq"`
	At       time.Time              `json:"at"`
	Arm      string                 `json:"arm,omitempty"` // "" is the run itself; controls have names
	Round    int                    `json:"round"`
	Version  core.Digest            `json:"version"`
	Parent   core.Digest            `json:"parent,omitempty"`
	Policies map[string]core.Policy `json:"policies"`
	Outcome  string                 `json:"outcome"`           // core.Promote, core.Reject, core.NotProven, OutcomeBase, OutcomeRollback
	Verdict  json.RawMessage        `json:"verdict,omitempty"` // the evidence
}

// Outcomes of promotions beside those of core.Verdict.
const (
	OutcomeBase     = "base"     // what the run starts from
	OutcomeRollback = "rollback" // an earlier version put in force again
)

// InForce reports whether the row puts its policies in force.
func (p Promotion) InForce() bool {
	return p.Outcome == core.Promote || p.Outcome == OutcomeBase || p.Outcome == OutcomeRollback
}
