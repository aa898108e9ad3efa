package study

import (
	"context"
	"fmt"
	"path/filepath"

	"pawl"
	"pawl/core"
)

// Backward is what checking answers backwards adds to votes, of a model that was
// taught to find hidden numbers.
type Backward struct {
	Recipe   string     `json:"recipe"`
	Run      string     `json:"run"`
	Verifier string     `json:"verifier"`
	Recovers []Recovers `json:"recovers"`
	Gain     []Contrast `json:"gain"` // over votes of the same attempts
}

// Recovers is how often a model finds the hidden number from the right answer.
type Recovers struct {
	World  string          `json:"world"`
	Before pawl.RoleFigure `json:"before"` // it was taught
	After  pawl.RoleFigure `json:"after"`
}

// backwardVerifier asks about as many numbers and answers as the worlds have; half
// as often as the paper does.
const backwardVerifier = "backward: {samples: 4, numbers: 4}"

// backwardWorlds are those in which a number of the task can be found again.
var backwardWorlds = []string{"chain", "functable"}

// backwardRecord is how good the choices by votes and by backward checking are at the
// tasks of one world with one seed.
type backwardRecord struct {
	World    string    `json:"world"`
	Seed     uint64    `json:"seed"`
	Asked    int       `json:"asked"`
	Tasks    []string  `json:"tasks"`
	Votes    []float64 `json:"votes"`
	Backward []float64 `json:"backward"`
}

// cut leaves the first n tasks.
func (r *backwardRecord) cut(n int) {
	n = min(n, len(r.Tasks))
	r.Tasks, r.Votes, r.Backward = r.Tasks[:n], r.Votes[:n], r.Backward[:n]
}

// backward teaches the model by the recipe at path, and measures it on tasks that it
// was not taught on.
func (r *recording) backward(ctx context.Context, path string, seeds []uint64) (*Backward, error) {
	r.say("teaching the model to find hidden numbers")
	result, err := r.p.Run(ctx, pawl.RunOptions{Recipe: path, Seed: 1})
	if err != nil {
		return nil, fmt.Errorf("teaching by %s: %w", path, err)
	}
	taught, err := pawl.ParseModel("run:" + result.Run.ID)
	if err != nil {
		return nil, err
	}
	policy, err := r.p.Policy(ctx, taught)
	if err != nil {
		return nil, err
	}
	b := &Backward{Recipe: filepath.Base(path), Run: result.Run.ID, Verifier: backwardVerifier}
	var gain strata
	for _, name := range backwardWorlds {
		at := pawl.EnvironmentOptions{Worlds: map[string]int{name: r.meant.Levels[name]}, Tasks: r.tasks, Seed: 1, Roles: []string{"recover"}}
		before, err := r.p.RoleFigures(ctx, r.policy, at)
		if err != nil {
			return nil, err
		}
		after, err := r.p.RoleFigures(ctx, policy, at)
		if err != nil {
			return nil, err
		}
		b.Recovers = append(b.Recovers, Recovers{name, before[0], after[0]})
	}
	for _, seed := range seeds {
		for _, name := range backwardWorlds {
			record, err := r.checked(ctx, policy, name, seed)
			if err != nil {
				return nil, err
			}
			for i, task := range record.Tasks {
				gain.add(name, task, record.Backward[i]-record.Votes[i])
			}
		}
	}
	b.Gain = gain.contrasts("backward", wayVotes)
	return b, nil
}

func (r *recording) checked(ctx context.Context, policy core.Policy, name string, seed uint64) (*backwardRecord, error) {
	var out backwardRecord
	path := filepath.Join(r.dir, fmt.Sprintf("backward-%s-%d.json", name, seed))
	err := kept(path, &out, func() bool { return out.Asked >= r.tasks }, func() error {
		r.say(fmt.Sprintf("seed %d: checking backwards in %s", seed, name))
		out = backwardRecord{World: name, Seed: seed, Asked: r.tasks}
		_, err := r.p.EvalVerifiers(ctx, policy, pawl.VerifierOptions{
			EnvironmentOptions: r.at(name, seed),
			Verifiers:          []string{weightedVotes[0].verifier, backwardVerifier},
			Verdicts: func(row pawl.VerifierRow, of []pawl.Verdicts) {
				if row.Verifier == backwardVerifier {
					out.Backward = pawl.Worth(of)
					return
				}
				out.Votes = pawl.Worth(of)
				for _, v := range of {
					out.Tasks = append(out.Tasks, v.Task.ID)
				}
			},
		})
		return err
	})
	out.cut(r.tasks)
	return &out, err
}
