package study

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"pawl"
	"pawl/core"
	"pawl/world"
)

// Located is what backtracking is worth where a locator of some accuracy says from
// which step on a greedy attempt is wrong, if any.
type Located struct {
	Locator  string     `json:"locator"`
	Accuracy float64    `json:"accuracy"` // of its places
	Flagged  float64    `json:"flagged"`  // share of the attempts that it finds a wrong step in
	Gain     []Contrast `json:"gain"`     // over leaving all as it is
	Broken   float64    `json:"broken"`   // share of right attempts that become wrong
	Mended   float64    `json:"mended"`   // share of wrong attempts that become right
	Tokens   float64    `json:"tokens"`   // drawn for a task beside the greedy attempt
	// The same attempts taken up again elsewhere.
	OverStart  []Contrast `json:"over_start"` // from the first step on
	StartToken float64    `json:"start_tokens"`
	OverRandom []Contrast `json:"over_random"` // from any step on
	RandToken  float64    `json:"random_tokens"`
}

// backtrackRecord is what backtracking gave in one world with one seed.
type backtrackRecord struct {
	World string             `json:"world"`
	Seed  uint64             `json:"seed"`
	Asked int                `json:"asked"`
	Tasks []pawl.Backtracked `json:"tasks"`
}

// backtrackTries is how many samples of a step are looked through for another one, as
// in the paper.
const backtrackTries = 8

// planted are the accuracies that locators are given. ownLocator is the model itself.
var planted = []float64{0.5, 0.6, 0.7, 1}

const ownLocator = "locate"

// stepped are the worlds in which attempts go step by step: at least two steps in the
// mean, of more than a character.
func (r *recording) stepped() ([]string, error) {
	var out []string
	for _, name := range r.worlds() {
		rules, _ := world.RulesOf(name)
		w, err := world.Open(name, world.Options{Split: "audit", Dialect: world.Compact, Level: r.meant.Levels[name], Sizes: r.meant.Sizes[name], Seed: 1})
		if err != nil {
			return nil, err
		}
		const looked = 100
		steps, size := 0, 0
		for i := range looked {
			s := w.Task(i).Ref().Solution
			size += len(s)
			if rules.Steps != nil {
				steps += len(rules.Steps(s))
			}
		}
		if steps >= 2*looked && size > steps {
			out = append(out, name)
		}
	}
	return out, nil
}

// places are where locators of every accuracy point in one attempt. All draw from the
// same chance, so that a better one is right wherever a worse one is.
type places struct {
	true, other, random int
	step                int     // any other step of a wrong attempt
	luck                float64 // below the accuracy, the place is true
}

func placesIn(seed uint64, a pawl.Backtracked) places {
	s := core.NewHasher("planted").Uint(seed).String(a.Task).Seed()
	r := rand.New(rand.NewPCG(s, 1))
	p := places{true: a.FirstWrong, luck: r.Float64()}
	// Any other place is as likely: no step, or one of those that there are.
	var others []int
	for at := range max(a.Steps, 1) + 1 {
		if at != p.true {
			others = append(others, at)
		}
	}
	p.other = others[r.IntN(len(others))]
	p.random = 1 + r.IntN(max(a.Steps, 1))
	if others = slices.DeleteFunc(others, func(at int) bool { return at == 0 }); p.true > 0 {
		p.step = p.true
		if len(others) > 0 {
			p.step = others[r.IntN(len(others))]
		}
	}
	return p
}

// at is where a locator of an accuracy points.
func (p places) at(accuracy float64) int {
	if p.luck < accuracy {
		return p.true
	}
	return p.other
}

// within is where one points that is told which attempts are wrong.
func (p places) within(accuracy float64) int {
	if p.luck < accuracy {
		return p.true
	}
	return p.step
}

func (r *recording) backtracked(ctx context.Context, name string, seed uint64) (*backtrackRecord, error) {
	var out backtrackRecord
	path := filepath.Join(r.dir, fmt.Sprintf("backtrack-%s-%d.json", name, seed))
	err := kept(path, &out, func() bool { return out.Asked >= r.tasks }, func() error {
		r.say(fmt.Sprintf("seed %d: backtracking in %s", seed, name))
		out = backtrackRecord{World: name, Seed: seed, Asked: r.tasks}
		var err error
		out.Tasks, err = r.p.Backtrack(ctx, r.policy, name, pawl.BacktrackOptions{
			EnvironmentOptions: pawl.EnvironmentOptions{Worlds: r.meant.Levels, Sizes: r.meant.Sizes, Tasks: r.tasks, Seed: seed},
			Tries:              backtrackTries,
			At: func(a pawl.Backtracked) []int {
				p := placesIn(seed, a)
				return slices.DeleteFunc([]int{1, p.true, p.other, p.random, p.step, a.Own}, func(at int) bool { return at < 1 })
			},
		})
		return err
	})
	out.Tasks = out.Tasks[:min(len(out.Tasks), r.tasks)]
	return &out, err
}

// located sums up backtracking for all locators.
func located(records []*backtrackRecord) []Located {
	var out []Located
	for _, accuracy := range planted {
		out = append(out, locatedBy(records, fmt.Sprintf("planted, %.0f%%", 100*accuracy), func(_ pawl.Backtracked, p places) int { return p.at(accuracy) }))
	}
	for _, accuracy := range planted[:len(planted)-1] { // one that is always right is so anyway
		out = append(out, locatedBy(records, fmt.Sprintf("planted, %.0f%%, of wrong attempts", 100*accuracy), func(_ pawl.Backtracked, p places) int { return p.within(accuracy) }))
	}
	return append(out, locatedBy(records, ownLocator, func(a pawl.Backtracked, _ places) int { return max(a.Own, 0) }))
}

func locatedBy(records []*backtrackRecord, locator string, place func(pawl.Backtracked, places) int) Located {
	var hits, flags, gains, starts, randoms, tokens, startTokens, randTokens, broken, mended strata
	for _, r := range records {
		for _, a := range r.Tasks {
			p := placesIn(r.Seed, a)
			at := place(a, p)
			redone := func(at int) (right, tokens float64) {
				if at == 0 {
					return one(a.Right), 0
				}
				d := a.From[at]
				return one(d.Right), float64(d.Tokens)
			}
			right, spent := redone(at)
			start, startSpent, random, randSpent := right, 0.0, right, 0.0
			if at > 0 {
				start, startSpent = redone(1)
				random, randSpent = redone(p.random)
			}
			hits.add(r.World, a.Task, one(at == p.true))
			flags.add(r.World, a.Task, one(at > 0))
			gains.add(r.World, a.Task, right-one(a.Right))
			starts.add(r.World, a.Task, right-start)
			randoms.add(r.World, a.Task, right-random)
			if locator == ownLocator {
				spent += float64(a.OwnTokens)
			}
			tokens.add(r.World, a.Task, spent)
			startTokens.add(r.World, a.Task, startSpent)
			randTokens.add(r.World, a.Task, randSpent)
			if a.Right {
				broken.add(r.World, a.Task, 1-right)
			} else {
				mended.add(r.World, a.Task, right)
			}
		}
	}
	mean := func(s *strata) float64 { return s.mean("") }
	return Located{
		Locator: locator, Accuracy: mean(&hits), Flagged: mean(&flags), Broken: mean(&broken), Mended: mean(&mended), Tokens: mean(&tokens),
		Gain:      gains.contrasts("backtracking", wayGreedy),
		OverStart: starts.contrasts("backtracking", "from the first step"), StartToken: mean(&startTokens),
		OverRandom: randoms.contrasts("backtracking", "from any step"), RandToken: mean(&randTokens),
	}
}
