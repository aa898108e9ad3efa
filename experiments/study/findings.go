package study

import (
	"context"
	"path/filepath"

	"pawl"
)

// Findings is what papers predict of judging, beside what is measured.
type Findings struct {
	Kind    string   `json:"kind"` // KindFindings
	Where   Where    `json:"where"`
	Tasks   int      `json:"tasks"`   // of each world and seed, where it has as many
	Samples int      `json:"samples"` // of each task
	Seeds   []uint64 `json:"seeds"`
}

// KindFindings marks the file.
const KindFindings = "findings"

// Markdown is the findings as tables.
func (f *Findings) Markdown() string { return "" }

// RunFindings measures what papers predict of judging on the model in the binary, in
// the worlds of the recipe pretrain-nano at their default difficulty. What is done is
// kept in the data directory of p, and not done again.
func RunFindings(ctx context.Context, p *pawl.Pawl, tasks, samples int, seeds []uint64, say func(string)) (*Findings, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	policy, err := p.Policy(ctx, pawl.Model{Kind: pawl.ModelRecipe})
	if err != nil {
		return nil, err
	}
	f := &Findings{Kind: KindFindings, Where: Here(), Tasks: tasks, Samples: samples, Seeds: seeds}
	r := &recording{p: p, policy: policy, meant: meant, tasks: tasks, samples: samples, dir: filepath.Join(p.Dir(), "findings"), say: say}
	for _, seed := range seeds {
		for _, world := range r.worlds() {
			if _, err := r.of(ctx, world, seed); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}
