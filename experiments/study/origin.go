package study

import (
	"context"
	"encoding/json"
	"fmt"

	"pawl/core"
	"pawl/store"
)

// origin is where the arms of a run start and end.
type origin struct {
	base core.Policy
	last map[string]core.Policy // by arm, "base" and "final" included
}

// origins reads the history of a run's only policy. That all arms start from
// one base is a condition of every conclusion, so anything else is an error.
func origins(history []store.Promotion) (origin, error) {
	o := origin{last: map[string]core.Policy{}}
	var start core.Digest
	for _, h := range history {
		if len(h.Policies) != 1 {
			return o, fmt.Errorf("reading its history: %d policies, not one", len(h.Policies))
		}
		policy := only(h.Policies)
		switch {
		case h.Outcome == store.OutcomeBase:
			start, o.base = h.Version, policy
			o.last["base"], o.last["final"] = policy, policy
			continue
		case h.Outcome == store.OutcomeRollback:
			return o, fmt.Errorf("reading its history: it was rolled back; start it anew in another directory")
		case h.Round == 1 && h.Parent != start:
			return o, fmt.Errorf("reading its history: arm %q does not start from the base", h.Arm)
		}
		if h.Arm != "" {
			o.last[h.Arm] = policy
		} else if h.InForce() {
			o.last["final"] = policy
		}
	}
	if start == "" {
		return o, fmt.Errorf("reading its history: it has no base")
	}
	return o, nil
}

func only(policies map[string]core.Policy) core.Policy {
	for _, p := range policies {
		return p
	}
	return nil
}

// initSeconds is how long it took to train a base, whichever run did it; 0 if
// none did.
func initSeconds(ctx context.Context, s *store.Store, base core.Policy) (float64, error) {
	record, err := json.Marshal(base)
	if err != nil {
		return 0, err
	}
	steps, err := s.Steps(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, step := range steps {
		if step.Kind == "init" && step.Output == core.Sum(record) {
			return step.Seconds, nil
		}
	}
	return 0, nil
}
