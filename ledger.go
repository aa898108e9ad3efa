package pawl

import (
	"context"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/store"
)

// ledger is a loop.Ledger over one run's lease: writes of a run that lost its
// lease fail.
type ledger struct {
	*store.Store
	lease *store.Lease
	steps *exec.Steps
	known map[decision]bool // decisions in the archive already, of before a resume
}

type decision struct {
	arm     string
	round   int
	version core.Digest
}

func newLedger(ctx context.Context, s *store.Store, lease *store.Lease) (*ledger, error) {
	rows, err := s.Promotions(ctx, lease.RunID())
	if err != nil {
		return nil, err
	}
	l := &ledger{Store: s, lease: lease, steps: exec.NewSteps(lease), known: map[decision]bool{}}
	for _, p := range rows {
		l.known[decision{p.Arm, p.Round, p.Version}] = true
	}
	return l, nil
}

func (l *ledger) Do(ctx context.Context, key core.Key, kind string, f func(ctx context.Context) (core.Digest, error)) (core.Digest, error) {
	return l.steps.Do(ctx, key, kind, func(ctx context.Context) (core.Digest, any, error) {
		d, err := f(ctx)
		return d, nil, err
	})
}

func (l *ledger) Seconds(ctx context.Context, key core.Key) (float64, error) {
	step, _, err := l.Find(ctx, key)
	return step.Seconds, err
}

func (l *ledger) Keep(ctx context.Context, key core.Key, state []byte) error {
	return l.lease.Keep(ctx, key, state, 0)
}

func (l *ledger) Kept(ctx context.Context, key core.Key) ([]byte, error) {
	state, _, err := l.lease.Kept(ctx, key)
	return state, err
}

// Promote files a decision once: a resumed run decides again and gets the same.
func (l *ledger) Promote(ctx context.Context, p loop.Promotion) error {
	d := decision{p.Arm, p.Round, p.Candidate}
	if l.known[d] {
		return nil
	}
	row := store.Promotion{
		Arm: p.Arm, Round: p.Round, Version: p.Candidate, Parent: p.Parent, Policies: p.Policies, Outcome: p.Verdict.Outcome,
	}
	if row.Outcome == loop.Base {
		row.Outcome = store.OutcomeBase
	} else {
		row.Verdict = marshal(p.Verdict)
	}
	_, err := l.lease.Promote(ctx, row)
	if err == nil {
		l.known[d] = true
	}
	return err
}
