package pawl

import (
	"slices"

	"pawl/recipe"
	"pawl/registry"
)

// Recipes lists the names of all recipes there are.
func (p *Pawl) Recipes() ([]string, error) {
	sources, err := p.finder.List()
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	return names, input(err)
}

// Strategies lists the recipes that only answer: those that learn nothing and start
// from whatever model they are given. Recipes with mistakes are left out.
func (p *Pawl) Strategies() ([]string, error) {
	sources, err := p.finder.List()
	var names []string
	for _, s := range sources {
		plan, problems := recipe.Parse(registry.Default, s.Path, s.Text)
		made := func(lane recipe.Policy) bool { return lane.Init.Name != "" }
		if len(problems) > 0 || len(plan.Stages) > 0 || slices.ContainsFunc(plan.Policies, made) {
			continue
		}
		if _, err := answererOf(p, plan); err == nil {
			names = append(names, s.Name)
		}
	}
	return names, input(err)
}
