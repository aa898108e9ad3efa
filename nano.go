package pawl

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pawl/core"
	"pawl/lesson"
	"pawl/loop"
	"pawl/model/nano"
	"pawl/recipe"
)

// NanoRecipe is the recipe that trains the model in the binary.
const NanoRecipe = "pretrain-nano"

// nano puts the model of the binary into the store.
func (p *Pawl) nano(ctx context.Context) (core.Policy, error) {
	dir, err := os.MkdirTemp("", "pawl-nano-")
	if err != nil {
		return nil, fmt.Errorf("unpacking the embedded model: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := nano.Write(dir); errors.Is(err, nano.ErrNone) {
		return nil, inputf("taking the embedded model: %w", err)
	} else if err != nil {
		return nil, err
	}
	return p.engine.Import(ctx, dir)
}

// initialNano gives the model of the binary to the policies of a recipe that
// start from a base.
func (p *Pawl) initialNano(ctx context.Context, plan *recipe.Plan) (map[string]core.Policy, error) {
	var all map[string]core.Policy
	for _, lane := range plan.Policies {
		if lane.From != loop.Base {
			continue
		}
		if all == nil {
			all = map[string]core.Policy{}
		}
		policy, err := p.nano(ctx)
		if errors.Is(err, nano.ErrNone) {
			return nil, nil // the run says that it wants a model
		}
		if err != nil {
			return nil, err
		}
		all[lane.Name] = policy
	}
	return all, nil
}

// Difficulties are the level of each world, and the sizes that differ from what
// the level makes of them.
type Difficulties struct {
	Levels map[string]int            `json:"levels"`
	Sizes  map[string]map[string]int `json:"sizes,omitempty"`
}

// NanoLevels is the default difficulty of each environment: what the model of the
// binary is meant for.
func (p *Pawl) NanoLevels() (Difficulties, error) {
	plan, err := p.Recipe(NanoRecipe)
	if err != nil {
		return Difficulties{}, err
	}
	for _, set := range plan.Tasks {
		if c, ok := set.Source.Config.(lesson.Config); ok && set.Name == "audit" {
			return Difficulties{Levels: c.Worlds, Sizes: c.Sizes}, nil
		}
	}
	return Difficulties{}, fmt.Errorf("reading recipe %s: its audit is no set of lessons", NanoRecipe)
}
