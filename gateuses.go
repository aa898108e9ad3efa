package pawl

import (
	"context"
	"encoding/json"
	"fmt"

	"pawl/core"
)

// gateDigest names the tasks of the gate by their content.
func (j *job) gateDigest(ctx context.Context) (core.Digest, error) {
	source := j.sets.sources["gate"]
	if source == nil {
		return "", nil
	}
	h := core.NewHasher("gate tasks")
	for t, err := range source.Tasks(ctx, 0) {
		if err != nil {
			return "", fmt.Errorf("reading the gate tasks: %w", err)
		}
		h.Bytes(marshal(t))
	}
	return core.Digest(h.Key()), nil
}

// gateUses counts the other runs of the store that put candidates to the same
// gate tasks. Alpha is spent within a run; a caller who tries seeds or settings
// until one is promoted spends it anew each time, and should see that.
func (p *Pawl) gateUses(ctx context.Context, own string, gate core.Digest) (int, error) {
	if gate == "" {
		return 0, nil // the tasks are not known, and no two unknowns are alike
	}
	runs, err := p.store.Runs(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range runs {
		if r.ID == own {
			continue
		}
		events, err := p.store.Events(ctx, r.ID, 0)
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			var o origin
			if e.Kind == originEvent && json.Unmarshal(e.Data, &o) == nil && o.Gate == gate {
				n++
				break
			}
		}
	}
	return n, nil
}
