package study

import (
	"context"
	"fmt"
	"path/filepath"

	"pawl"
	"pawl/core"
)

// Backward is what checking answers backwards adds to votes, where a model was taught to
// find hidden numbers.
type Backward struct {
	Recipe   string         `json:"recipe"`
	Run      string         `json:"run"`
	Verifier string         `json:"verifier"`
	Recovers []Recovers     `json:"recovers"`
	Cases    []BackwardCase `json:"cases"`
}

// BackwardCase is that on the attempts of one model, checked by the taught one.
type BackwardCase struct {
	Of      string     `json:"of"`      // whose attempts
	Answers []Answers  `json:"answers"` // as Gain
	Gain    []Contrast `json:"gain"`    // over votes of the same attempts
}

// Answers is how good a model's answers are in a world, or in the mean.
type Answers struct {
	World  string  `json:"world,omitempty"`
	Greedy float64 `json:"greedy"`
	Sample float64 `json:"sample"`
	Votes  float64 `json:"votes"`
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
	Greedy   []float64 `json:"greedy"`
	Sample   []float64 `json:"sample"`
	Votes    []float64 `json:"votes"`
	Backward []float64 `json:"backward"`
}

// cut leaves the first n tasks.
func (r *backwardRecord) cut(n int) {
	n = min(n, len(r.Tasks))
	r.Tasks = r.Tasks[:n]
	for _, of := range []*[]float64{&r.Greedy, &r.Sample, &r.Votes, &r.Backward} {
		*of = (*of)[:n]
	}
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
	for _, name := range backwardWorlds {
		at := r.at(name, 1)
		at.Roles = []string{"recover"}
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
	for _, c := range []struct {
		of     string
		solver core.Policy
	}{{"untaught", r.policy}, {"taught", policy}} {
		found := BackwardCase{Of: c.of}
		var greedy, sample, votes, gain strata
		for _, seed := range seeds {
			for _, name := range backwardWorlds {
				record, err := r.checked(ctx, c.of, c.solver, policy, name, seed)
				if err != nil {
					return nil, err
				}
				for i, task := range record.Tasks {
					greedy.add(name, task, record.Greedy[i])
					sample.add(name, task, record.Sample[i])
					votes.add(name, task, record.Votes[i])
					gain.add(name, task, record.Backward[i]-record.Votes[i])
				}
			}
		}
		found.Gain = gain.contrasts("backward", wayVotes)
		for _, g := range found.Gain {
			found.Answers = append(found.Answers, Answers{g.World, greedy.mean(g.World), sample.mean(g.World), votes.mean(g.World)})
		}
		b.Cases = append(b.Cases, found)
	}
	return b, nil
}

func (r *recording) checked(ctx context.Context, of string, solver, checker core.Policy, name string, seed uint64) (*backwardRecord, error) {
	var out backwardRecord
	path := filepath.Join(r.dir, fmt.Sprintf("backward-%s-%s-%d.json", of, name, seed))
	err := kept(path, &out, func() bool { return out.Asked >= r.tasks }, func() error {
		r.say(fmt.Sprintf("seed %d: checking %s attempts backwards in %s", seed, of, name))
		out = backwardRecord{World: name, Seed: seed, Asked: r.tasks}
		_, err := r.p.EvalVerifiers(ctx, solver, pawl.VerifierOptions{
			EnvironmentOptions: r.at(name, seed),
			Verifiers:          []string{weightedVotes[0].verifier, backwardVerifier},
			Greedy:             true,
			Judge:              checker,
			Verdicts: func(row pawl.VerifierRow, of []pawl.Verdicts) {
				if row.Verifier == backwardVerifier {
					out.Backward = pawl.Worth(of)
					return
				}
				out.Votes = pawl.Worth(of)
				for _, v := range of {
					out.Tasks, out.Greedy, out.Sample = append(out.Tasks, v.Task.ID), append(out.Greedy, one(v.Greedy)), append(out.Sample, rightShare(v.Right))
				}
			},
		})
		return err
	})
	out.cut(r.tasks)
	return &out, err
}
