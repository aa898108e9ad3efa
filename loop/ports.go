package loop

import (
	"context"
	"time"

	"pawl/core"
)

// Ledger is what the loop needs of a store; satisfied by the root package over
// exec and store.
type Ledger interface {
	// Do returns the output of the step with this key, running f only if no
	// result is durable yet.
	Do(ctx context.Context, key core.Key, kind string, f func(ctx context.Context) (core.Digest, error)) (core.Digest, error)
	// Seconds is how long the finished step took when it ran; 0 if unknown.
	Seconds(ctx context.Context, key core.Key) (float64, error)
	Put(ctx context.Context, content []byte) (core.Digest, error)
	Get(ctx context.Context, d core.Digest) ([]byte, error)
	// Keep and Kept hold the last checkpoint of an unfinished step.
	Keep(ctx context.Context, key core.Key, state []byte) error
	Kept(ctx context.Context, key core.Key) ([]byte, error)
	// Promote records a gate's decision about a candidate.
	Promote(ctx context.Context, p Promotion) error
}

// Base is the outcome of the first row of a run's archive: what it starts from.
const Base = "base"

// Promotion is one decision of the gate, for the archive.
type Promotion struct {
	Arm       string // "" for the run itself, else the control's name
	Round     int
	Parent    core.Digest // versions
	Candidate core.Digest
	Policies  map[string]core.Policy // the candidate's
	Verdict   core.Verdict
}

// Models makes actors and trainers for policies.
type Models interface {
	// Identity of the engine: everything but the policy that determines its
	// results (kind, version, endpoint). Enters keys.
	Identity() string
	NewModel(ctx context.Context, s core.ModelShape) (core.Policy, error)
	Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error)
	Trainer(ctx context.Context, p core.Policy) (core.Trainer, error)
	Encoder(ctx context.Context, p core.Policy) (core.Encoder, error)
}

// Clock tells the time.
type Clock func() time.Time

// Event is a sign of life for people: a stage began or moved on, a round ended.
type Event struct {
	Arm      string // "" for the run itself
	Round    int
	Rounds   int    // how many there are
	Stage    string // "pretrain", "sample", "select", "train", "gate", "audit"
	Progress core.Progress
	Row      *Round         // set when a round ended
	Changes  []string       // with the Row of a control: see Control
	Audit    *core.Estimate // set when an audit figure is known; Arm names it
	Answered *Answered      // beside Audit, where tasks were abstained on
	Shape    string         // a line about what is about to run; nothing else is set
}
