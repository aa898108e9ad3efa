package core

import (
	"context"
	"encoding/json"
	"iter"
)

// Request is one call to an actor. It is immutable; each of its alternatives
// has its own key, so calls run concurrently and are paid once.
type Request struct {
	Path     []Node // root to the node to continue, as this seat may see it; parents are path positions
	First, N int    // sample indices wanted: First .. First+N-1
	Seed     uint64
	Options  Options
	Hidden   json.RawMessage // the task's hidden side, for environments alone
}

// Actor continues a path: a model, a tool, a game, a simulator. Act returns
// exactly N nodes, alternative First+i at index i, without Parent set.
type Actor interface {
	Act(ctx context.Context, r Request) ([]Node, error)
}

// BatchActor is the companion of actors that serve many requests better than
// one at a time. Results are in request order and equal Act's.
type BatchActor interface {
	Actor
	ActBatch(ctx context.Context, rs []Request) ([][]Node, error)
}

// Scorer is the companion that gives log-probs of given tokens: one value per
// token id of the path's last node.
type Scorer interface {
	Score(ctx context.Context, paths [][]Node) ([][]float32, error)
}

// Call is what differs from one Sample to the next.
type Call struct {
	Seed uint64
	Sink func(Progress) // may be nil
	// Stream is told the answer as it comes, by samplers whose last call to an
	// actor is the answer; others leave it alone. It may be nil.
	Stream func(Delta) error
}

// Progress is a sign of life from inside a call.
type Progress struct {
	Stage string
	Done  int
	Total int
	Note  string
}

// Sampler decides who acts when, and returns the episode.
type Sampler interface {
	Sample(ctx context.Context, c Call, t Task) (*Episode, error)
}

// BatchSampler is the companion of samplers that can play many tasks in one
// go; episode i belongs to task i and equals what Sample(calls[i], tasks[i]) gives.
type BatchSampler interface {
	Sampler
	SampleBatch(ctx context.Context, calls []Call, tasks []Task) ([]*Episode, error)
}

// Verifier judges the nodes at of ep, or all leaves where at is nil. It does
// not change ep.
type Verifier interface {
	Verify(ctx context.Context, ep *Episode, at []Ref) (Judgement, error)
}

// GroupVerifier is the companion of verifiers whose judgement of one attempt
// depends on the others at its task, as a vote does. Where Grouped is true, all
// attempts must be in the episode at once; those of other verifiers may be
// shown a few at a time, which the conformance suite holds them to.
type GroupVerifier interface {
	Verifier
	Grouped() bool
}

// BatchVerifier is the companion of verifiers that judge many episodes better
// than one at a time: judgement i is of all leaves of episode i. It is also an
// io.Closer where it holds processes or connections, which whoever built it
// closes.
type BatchVerifier interface {
	Verifier
	VerifyBatch(ctx context.Context, eps []*Episode) ([]Judgement, error)
}

// Episodes and Examples are re-iterable sources.
type (
	Episodes = iter.Seq2[*Episode, error]
	Examples = iter.Seq2[*Example, error]
)

// Selector turns judged attempts into training units.
type Selector interface {
	Select(ctx context.Context, in Episodes) (Examples, error)
}

// Optimizer produces a candidate from a policy and examples.
type Optimizer interface {
	Optimize(ctx context.Context, p Policy, in Examples) (Policy, error)
}

// TaskSource yields tasks. Tasks(first) starts at index first; a source that
// ends has a length, an endless one (a generator) returns -1. Several readers may
// read at the same time.
type TaskSource interface {
	Len() int
	Tasks(ctx context.Context, first int) iter.Seq2[Task, error]
}

// Stateful components remember across steps; the digest of the state enters
// the next step's key.
type Stateful interface {
	State() ([]byte, error)
	Restore(state []byte) error
}

// Evidence is one paired item: the same task answered by two policies.
type Evidence struct {
	ID        string  `json:"id"`
	Incumbent float64 `json:"incumbent"` // 0 or 1, or a graded score
	Candidate float64 `json:"candidate"`
	Baseline  float64 `json:"baseline"` // of the fixed baseline (the run's base)
	Cluster   string  `json:"cluster,omitempty"`
}

// Trial is what a gate decides on.
type Trial struct {
	Attempt int // 1-based over the whole run, rejected attempts included
	Items   []Evidence
}

// Outcomes of a gate.
const (
	Promote   = "promote"
	Reject    = "reject"
	NotProven = "not_proven"
)

// Verdict is a gate's answer, with the figures it rests on.
type Verdict struct {
	Outcome    string  `json:"verdict"`
	N          int     `json:"n"`
	Incumbent  float64 `json:"incumbent"` // means
	Candidate  float64 `json:"candidate"`
	Gained     int     `json:"gained"`
	Lost       int     `json:"lost"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"` // 95% interval of the difference
	High       float64 `json:"high"`
	PValue     float64 `json:"p_value"`        // one-sided: candidate better
	Alpha      float64 `json:"alpha"`          // spent on this attempt
	AlphaLeft  float64 `json:"alpha_left"`     // after it
	Detectable float64 `json:"detectable"`     // smallest gain this trial had 80% power to prove
	More       int     `json:"more,omitempty"` // further items wanted before deciding
	Reason     string  `json:"reason"`
}

// Gate accepts a candidate, rejects it, or asks for more evidence.
type Gate interface {
	Decide(ctx context.Context, t Trial) (Verdict, error)
}

// Estimate is a measured figure with its interval.
type Estimate struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	N      int     `json:"n"`
	Unit   string  `json:"unit,omitempty"`
	Method string  `json:"method,omitempty"` // "wilson", "bootstrap", ...
}

// Metric measures judged episodes.
type Metric interface {
	Measure(ctx context.Context, in Episodes) ([]Estimate, error)
}
