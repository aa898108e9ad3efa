package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"pawl"
	"pawl/core"
	"pawl/world"
)

// record is what was measured of one world with one seed. It is written once and
// read again by a command that goes on.
type record struct {
	World string       `json:"world"`
	Seed  uint64       `json:"seed"`
	Asked int          `json:"asked"` // tasks; a world may have fewer
	Tasks []taskRecord `json:"tasks"`
}

// taskRecord is a task with its attempts and what verifiers say of them.
type taskRecord struct {
	ID     string                `json:"id"`
	Greedy bool                  `json:"greedy"` // whether the greedy attempt is right
	Texts  []string              `json:"texts"`
	Right  []bool                `json:"right"`
	Values map[string][]*float64 `json:"values"` // by verifier; null where it abstains
}

// recordedVerifiers are those that ask the model, and so are asked once; what can be
// made of what they say is made of the record.
var recordedVerifiers = []string{"p_true", "self_certainty", "likelihood", "stepwise"}

// recording draws and judges the attempts, world by world, and skips those that dir
// has already.
type recording struct {
	p       *pawl.Pawl
	policy  core.Policy
	meant   pawl.Difficulties
	tasks   int
	samples int
	dir     string
	say     func(string)
}

// worlds are the names of those that are measured, in order. A world that is played
// has no final answers: what is sampled there is a play, on which nothing votes.
func (r *recording) worlds() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.meant.Levels)), func(name string) bool {
		rules, _ := world.RulesOf(name)
		return rules.Play != nil
	})
}

// of is the record of a world with a seed, read or made.
func (r *recording) of(ctx context.Context, name string, seed uint64) (*record, error) {
	var out record
	path := filepath.Join(r.dir, fmt.Sprintf("attempts-%s-%d.json", name, seed))
	enough := func() bool { return out.Asked >= r.tasks }
	err := kept(path, &out, enough, func() error {
		r.say(fmt.Sprintf("seed %d: %s", seed, name))
		out = record{World: name, Seed: seed, Asked: r.tasks}
		_, err := r.p.EvalVerifiers(ctx, r.policy, pawl.VerifierOptions{
			EnvironmentOptions: r.at(name, seed),
			Verifiers:          recordedVerifiers, Greedy: true,
			Verdicts: func(row pawl.VerifierRow, of []pawl.Verdicts) { out.add(row.Verifier, of) },
		})
		return err
	})
	// The first tasks of a longer measurement are those of a shorter one.
	out.Tasks = out.Tasks[:min(len(out.Tasks), r.tasks)]
	return &out, err
}

// coolRecord is how good greedy answers and votes of cooler samples are at the tasks of
// one world with one seed.
type coolRecord struct {
	World  string    `json:"world"`
	Seed   uint64    `json:"seed"`
	Asked  int       `json:"asked"`
	Tasks  []string  `json:"tasks"`
	Sample []float64 `json:"sample"`
	Votes  []float64 `json:"votes"`
	Greedy []float64 `json:"greedy"`
}

// coolHeat is a temperature such as votes are mostly drawn at (Wang et al., 2022,
// take 0.5 to 0.7).
const coolHeat = 0.5

// cool is the record of cooler samples of a world with a seed, read or made.
func (r *recording) cool(ctx context.Context, name string, seed uint64) (*coolRecord, error) {
	var out coolRecord
	path := filepath.Join(r.dir, fmt.Sprintf("cool-%s-%d.json", name, seed))
	err := kept(path, &out, func() bool { return out.Asked >= r.tasks }, func() error {
		r.say(fmt.Sprintf("seed %d: cooler samples in %s", seed, name))
		out = coolRecord{World: name, Seed: seed, Asked: r.tasks}
		_, err := r.p.EvalVerifiers(ctx, r.policy, pawl.VerifierOptions{
			EnvironmentOptions: r.at(name, seed), Temperature: coolHeat, Greedy: true, Verifiers: []string{weightedVotes[0].verifier},
			Verdicts: func(_ pawl.VerifierRow, of []pawl.Verdicts) {
				out.Votes = pawl.Worth(of)
				for _, v := range of {
					out.Tasks, out.Greedy, out.Sample = append(out.Tasks, v.Task.ID), append(out.Greedy, one(v.Greedy)), append(out.Sample, rightShare(v.Right))
				}
			},
		})
		return err
	})
	n := min(len(out.Tasks), r.tasks)
	out.Tasks, out.Votes, out.Greedy, out.Sample = out.Tasks[:n], out.Votes[:n], out.Greedy[:n], out.Sample[:n]
	return &out, err
}

// at is where a world is measured with a seed.
func (r *recording) at(name string, seed uint64) pawl.EnvironmentOptions {
	return pawl.EnvironmentOptions{Worlds: map[string]int{name: r.meant.Levels[name]}, Sizes: r.meant.Sizes, Tasks: r.tasks, Samples: r.samples, Seed: seed}
}

// add takes what a verifier says down.
func (r *record) add(by string, of []pawl.Verdicts) {
	if r.Tasks == nil {
		r.Tasks = make([]taskRecord, len(of))
	}
	for i, v := range of {
		t := &r.Tasks[i]
		if t.Values == nil {
			*t = taskRecord{ID: v.Task.ID, Greedy: v.Greedy, Texts: v.Texts, Right: v.Right, Values: map[string][]*float64{}}
		}
		values := make([]*float64, len(v.Values))
		for k, value := range v.Values {
			if !math.IsNaN(value) {
				values[k] = &value
			}
		}
		t.Values[by] = values
	}
}

// kept reads a file into out; where there is none, or not enough in it, it makes out
// and writes the file.
func kept(path string, out any, enough func() bool, make func() error) error {
	b, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(b, out); err != nil {
			return fmt.Errorf("reading what was measured before: %s: %w; remove it to measure it anew", path, err)
		}
		if enough() {
			return nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := make(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return Save(path, out)
}
