package pawl

import (
	"context"
	"errors"
	"maps"
	"slices"

	"pawl/core"
	"pawl/nn"
)

// mostEncoded bounds how far an endless set is read ahead, and mostChecked how far
// any: worlds have more tasks than a run ever draws. What comes later is refused
// when it is met.
const (
	mostEncoded = 1000
	mostChecked = 100_000
)

// expressible refuses tasks whose prompt a given model's tokenizer has no
// tokens for, before any work is done on the others. It names the first of
// every set by file and line, or by id. Worked solutions are left to those who
// learn from them: many runs do not.
func (p *Pawl) expressible(ctx context.Context, given map[string]core.Policy, sets map[string]core.TaskSource) error {
	for _, lane := range slices.Sorted(maps.Keys(given)) {
		if _, _, served, err := p.models.served(ctx, given[lane]); err != nil {
			return err
		} else if served {
			continue // its tokenizer is not here
		}
		encoder, err := p.models.Encoder(ctx, given[lane])
		if err != nil {
			return err
		}
		var all []error
		for _, name := range slices.Sorted(maps.Keys(sets)) {
			if err := expressibleSet(ctx, encoder, name, sets[name]); err != nil {
				all = append(all, err)
			}
		}
		if len(all) > 0 {
			return errors.Join(all...)
		}
	}
	return nil
}

func expressibleSet(ctx context.Context, encoder core.Encoder, name string, source core.TaskSource) error {
	n, most := 0, mostChecked
	if source.Len() < 0 {
		most = mostEncoded
	}
	for t, err := range source.Tasks(ctx, 0) {
		if err != nil {
			return err
		}
		if n++; n > most {
			break
		}
		unknown := (*nn.UnknownTextError)(nil)
		if _, _, err := encoder.EncodePath(t.Prompt); errors.As(err, &unknown) {
			at := t.ID
			if len(t.Origin) > 0 {
				at = t.Origin[0]
			}
			return inputf("reading tasks: %s (task set %s): the model cannot express %.60q: %w; give tasks in the model's own words, or another model", at, name, t.Text(), unknown)
		}
	}
	return nil
}
