package study

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"pawl"
)

// Findings is what papers predict of judging, beside what is measured.
type Findings struct {
	Kind      string     `json:"kind"` // KindFindings
	Where     Where      `json:"where"`
	Tasks     int        `json:"tasks"`   // of each world with each seed
	Samples   int        `json:"samples"` // of each task
	Seeds     []uint64   `json:"seeds"`
	Ways      []Level    `json:"ways"`
	Votes     []Contrast `json:"votes"`
	Critique  []Critique `json:"critique"`
	Backtrack []Located  `json:"backtrack"`
	Backward  *Backward  `json:"backward"`
}

// KindFindings marks the file.
const KindFindings = "findings"

// FindingParts are the parts of the measurement, in their order.
var FindingParts = []string{"votes", "backtrack", "backward"}

// FindingsSetup says what to measure.
type FindingsSetup struct {
	Tasks   int
	Samples int
	Seeds   []uint64
	Recipe  string   // that teaches to find hidden numbers
	Parts   []string // of FindingParts
	Say     func(string)
}

// Run measures what papers predict of judging on the model in the binary, in the
// worlds of the recipe pretrain-nano at their default difficulty. What is done is
// kept in the data directory of p, world by world, and not done again.
func (s FindingsSetup) Run(ctx context.Context, p *pawl.Pawl) (*Findings, error) {
	for _, part := range s.Parts {
		if !slices.Contains(FindingParts, part) {
			return nil, &pawl.InputError{Err: fmt.Errorf("measuring findings: no part named %q; there are %v", part, FindingParts)}
		}
	}
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	policy, err := p.Policy(ctx, pawl.Model{Kind: pawl.ModelRecipe})
	if err != nil {
		return nil, err
	}
	f := &Findings{Kind: KindFindings, Where: Here(), Tasks: s.Tasks, Samples: s.Samples, Seeds: s.Seeds}
	r := &recording{p: p, policy: policy, meant: meant, tasks: s.Tasks, samples: s.Samples, dir: filepath.Join(p.Dir(), "findings"), say: s.Say}
	if slices.Contains(s.Parts, "votes") {
		if err := f.measureVotes(ctx, r); err != nil {
			return nil, err
		}
	}
	if slices.Contains(s.Parts, "backtrack") {
		if err := f.measureBacktrack(ctx, r); err != nil {
			return nil, err
		}
	}
	if slices.Contains(s.Parts, "backward") {
		if f.Backward, err = r.backward(ctx, s.Recipe, s.Seeds); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Findings) measureVotes(ctx context.Context, r *recording) error {
	var records []*record
	var cool []*coolRecord
	for _, seed := range f.Seeds {
		for _, name := range r.worlds() {
			of, err := r.of(ctx, name, seed)
			if err != nil {
				return err
			}
			records = append(records, of)
		}
	}
	for _, seed := range f.Seeds {
		for _, name := range r.worlds() {
			of, err := r.cool(ctx, name, seed)
			if err != nil {
				return err
			}
			cool = append(cool, of)
		}
	}
	var err error
	if f.Ways, f.Votes, err = votes(ctx, records, cool); err != nil {
		return err
	}
	f.Critique, err = critique(ctx, records)
	return err
}

func (f *Findings) measureBacktrack(ctx context.Context, r *recording) error {
	names, err := r.stepped()
	if err != nil {
		return err
	}
	var records []*backtrackRecord
	for _, seed := range f.Seeds {
		for _, name := range names {
			of, err := r.backtracked(ctx, name, seed)
			if err != nil {
				return err
			}
			records = append(records, of)
		}
	}
	f.Backtrack = located(records)
	return nil
}
