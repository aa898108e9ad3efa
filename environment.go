package pawl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/stats"
	"pawl/world"
)

// Environment is what a policy does in one world at one level.
type Environment struct {
	Name  string         `json:"name"`
	Level int            `json:"level"`
	Sizes map[string]int `json:"sizes,omitempty"` // that differ from those of the level
	Value float64        `json:"accuracy"`        // of greedy answers; where the world is played, the return, 0 random and 1 the oracle
	Low   float64        `json:"low"`
	High  float64        `json:"high"`
	N     int            `json:"n"`

	Samples int      `json:"samples,omitempty"` // drawn of each task, at temperature 1
	Mean    *float64 `json:"sampled,omitempty"` // accuracy of all samples
	Votes   *float64 `json:"votes,omitempty"`   // accuracy of the most frequent answer of the samples
	Pass    *float64 `json:"pass,omitempty"`    // share of tasks with a right sample: pass@k of k samples

	// Of the samples, judged by the policy itself as a verifier.
	Verify *float64 `json:"verify_accuracy,omitempty"`
	Kept   *float64 `json:"kept,omitempty"` // share of the samples that it keeps
	Gap    *float64 `json:"gap,omitempty"`  // accuracy of those kept minus that of all
	GapLow *float64 `json:"gap_low,omitempty"`
	GapTop *float64 `json:"gap_high,omitempty"`

	Tokens float64 `json:"tokens"` // of a greedy answer, in the mean
}

// Difficulty is the level, and the sizes that differ from it: "1, largest 13".
func (e Environment) Difficulty() string { return difficulty(e.Level, e.Sizes) }

func difficulty(level int, sizes map[string]int) string {
	s := strconv.Itoa(level)
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		s += fmt.Sprintf(", %s %d", strings.ReplaceAll(name, "_", " "), sizes[name])
	}
	return s
}

// EnvironmentOptions say where and how much to measure.
type EnvironmentOptions struct {
	Worlds  map[string]int            // level of each
	Sizes   map[string]map[string]int // of worlds, by name, that differ from those of the level
	Tasks   int                       // of each world
	Samples int                       // of each task
	Seed    uint64
	Split   string   // "" is audit
	Roles   []string // of RoleFigures; nil for all but solving
	Observe func(Visit)
}

// Visit is how far a measurement of worlds has come.
type Visit struct {
	World     string
	Index, Of int    // which of the worlds it is, from 0
	Part      string // of the measurement: greedy, samples or verify; "" at its start
	Done      int    // tasks of the part, of Tasks
	Tasks     int
}

// batchTasks bounds the tasks that are answered together.
const batchTasks = 64

// Environments measures a policy in worlds, each at its level.
func (p *Pawl) Environments(ctx context.Context, policy core.Policy, o EnvironmentOptions) ([]Environment, error) {
	actor, err := p.models.Actor(ctx, policy, "solver", core.Options{})
	if err != nil {
		return nil, err
	}
	model, ok := actor.(player)
	if !ok {
		return nil, fmt.Errorf("measuring environments: the model takes no batches or gives no log-probabilities")
	}
	names := slices.Sorted(maps.Keys(o.Worlds))
	if err := o.check(names); err != nil {
		return nil, err
	}
	var all []Environment
	for i, name := range names {
		v := visit{model: model, o: o, name: name, level: o.Worlds[name], index: i, of: len(names)}
		v.told("", 0)
		e, err := v.measure(ctx)
		if err != nil {
			return nil, fmt.Errorf("measuring world %s at level %d: %w", name, o.Worlds[name], err)
		}
		all = append(all, *e)
	}
	return all, nil
}

// mostSamples bounds the samples of a task, which are drawn side by side.
const mostSamples = 4096

// check refuses what cannot be measured, before anything is.
func (o EnvironmentOptions) check(names []string) error {
	switch {
	case o.Tasks < 1:
		return inputf("measuring environments: %d tasks of each world: at least 1 is needed", o.Tasks)
	case o.Samples < 0 || o.Samples > mostSamples:
		return inputf("measuring environments: %d samples of a task: 0 to %d are possible", o.Samples, mostSamples)
	}
	for _, name := range names {
		if l := o.Worlds[name]; l < 1 || l > 5 {
			return inputf("measuring environments: world %s: no level %d; there are 1 to 5", name, l)
		}
	}
	return nil
}

// player answers batches and scores answers.
type player interface {
	core.BatchActor
	core.Scorer
}

// visit is the measurement of one world.
type visit struct {
	model player
	o     EnvironmentOptions
	name  string
	level int
	rules world.Rules
	tasks []core.Task
	index int // among the worlds
	of    int
}

// told tells how far the measurement is.
func (v *visit) told(part string, done int) {
	if v.o.Observe != nil {
		v.o.Observe(Visit{World: v.name, Index: v.index, Of: v.of, Part: part, Done: done, Tasks: len(v.tasks)})
	}
}

// outcome is one attempt at a task.
type outcome struct {
	text   string
	answer string
	value  float64 // 1 for right, 0 for wrong; of a play, the scaled return
	right  bool
	tokens int
	node   core.Node // as sampled; zero of a play
}

// draw takes the tasks.
func (v *visit) draw() error {
	split := v.o.Split
	if split == "" {
		split = "audit"
	}
	w, err := world.Open(v.name, world.Options{Split: split, Dialect: world.Compact, Level: v.level, Sizes: v.o.Sizes[v.name], Seed: v.o.Seed, Steady: true})
	if err != nil {
		return err
	}
	v.rules, _ = world.RulesOf(v.name)
	for i := range min(v.o.Tasks, w.Len()) {
		v.tasks = append(v.tasks, w.Task(i))
	}
	return nil
}

func (v *visit) measure(ctx context.Context) (*Environment, error) {
	if err := v.draw(); err != nil {
		return nil, err
	}
	greedy, err := v.attempts(ctx, "greedy", 1, 0)
	if err != nil {
		return nil, err
	}
	e := &Environment{Name: v.name, Level: v.level, Sizes: v.o.Sizes[v.name], N: len(v.tasks)}
	var values []float64
	for _, of := range greedy {
		values = append(values, of[0].value)
		e.Tokens += float64(of[0].tokens) / float64(len(greedy))
	}
	e.Value, e.Low, e.High = interval(values)
	if v.o.Samples < 2 {
		return e, nil
	}
	sampled, err := v.attempts(ctx, "samples", v.o.Samples, 1)
	if err != nil {
		return nil, err
	}
	e.Samples = v.o.Samples
	v.summarise(e, sampled)
	return e, v.verify(ctx, e, sampled)
}

// interval is the mean with its 95% interval.
func interval(values []float64) (mean, low, high float64) {
	e := stats.MeanEstimate("", values)
	return e.Value, e.Low, e.High
}

// summarise fills in what samples show without a verifier.
func (v *visit) summarise(e *Environment, sampled [][]outcome) {
	var mean, votes, pass float64
	for _, of := range sampled {
		solved := false
		for _, a := range of {
			mean += a.value / float64(len(of))
			solved = solved || a.right
		}
		votes += vote(of)
		pass += b2f(solved)
	}
	n := float64(len(sampled))
	mean /= n
	e.Mean = &mean
	if v.rules.Play == nil {
		votes, pass = votes/n, pass/n
		e.Votes, e.Pass = &votes, &pass
	}
}

// vote is the chance that the most frequent answer is right, where a fair draw
// decides between those that tie (Wang et al., 2022). Attempts without an answer
// cast no vote.
func vote(attempts []outcome) float64 {
	count, right, most := map[string]int{}, map[string]bool{}, 0
	for _, a := range attempts {
		if a.answer != "" {
			count[a.answer]++
			right[a.answer] = a.right
			most = max(most, count[a.answer])
		}
	}
	var won, tied float64
	for answer, n := range count {
		if n == most {
			tied++
			won += b2f(right[answer])
		}
	}
	return won / max(tied, 1)
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// verify lets the policy judge the samples: it keeps those whose "yes" is more
// probable than their "no". The generation-verification gap ("Mind the Gap", Song et
// al., 2024) is the accuracy of all that are kept, whatever their
// task, minus the mean accuracy: a task of which nothing is kept counts in the
// second alone. Of a play right is one whose every move is. Intervals take the
// tasks as units.
func (v *visit) verify(ctx context.Context, e *Environment, sampled [][]outcome) error {
	if v.rules.Judge == nil {
		return nil
	}
	ask, err := prompt.Get("verify")
	if err != nil {
		return err
	}
	yes, no := prompt.SayYesNo(prompt.Compact, true), prompt.SayYesNo(prompt.Compact, false)
	var agreed, all, kept, keptRight, right float64
	var perKept, perRight, perKeptRight []float64 // of each task
	for i, of := range sampled {
		var paths [][]core.Node
		unfit := make([]bool, len(of)) // cannot be put to the verifier, and so is not kept
		for j, a := range of {
			path, err := ask.Render(prompt.Compact, prompt.Data{Task: v.tasks[i].Prompt, Attempt: oneLine(a.text), World: v.name, Level: v.level})
			if bad := (*prompt.UnfitError)(nil); errors.As(err, &bad) {
				unfit[j] = true
				path = v.tasks[i].Prompt // its scores are not looked at
			} else if err != nil {
				return err
			}
			for _, s := range []string{yes, no} {
				paths = append(paths, append(slices.Clip(path), core.Node{Role: core.RoleAssistant, Content: s}))
			}
		}
		scores, long, err := core.Fitting(paths, func(paths [][]core.Node) ([][]float32, error) { return v.model.Score(ctx, paths) })
		if err != nil {
			return err
		}
		var k, r, kr float64
		for j, a := range of {
			says := !unfit[j] && !long[2*j] && !long[2*j+1] && sum(scores[2*j]) > sum(scores[2*j+1])
			agreed += b2f(says == a.right)
			k += b2f(says)
			r += b2f(a.right)
			kr += b2f(says && a.right)
		}
		all += float64(len(of))
		kept, right, keptRight = kept+k, right+r, keptRight+kr
		perKept, perRight, perKeptRight = append(perKept, k), append(perRight, r/float64(len(of))), append(perKeptRight, kr)
		v.told("verify", i+1)
	}
	accuracy, share := agreed/all, kept/all
	e.Verify, e.Kept = &accuracy, &share
	if kept == 0 {
		return nil
	}
	n := float64(len(sampled))
	gap := keptRight/kept - right/all
	e.Gap = &gap
	if len(sampled) < 2 {
		return nil // one task shows nothing of how tasks differ
	}
	// The delta method: a ratio of means minus a mean, over tasks.
	ratio := keptRight / kept
	var ss float64
	for i := range perKept {
		d := (perKeptRight[i]-ratio*perKept[i])/(kept/n) - (perRight[i] - right/all)
		ss += d * d
	}
	half := 1.96 * math.Sqrt(ss/(n-1)/n)
	low, top := gap-half, gap+half
	e.GapLow, e.GapTop = &low, &top
	return nil
}

func sum(xs []float32) (s float64) {
	for _, x := range xs {
		s += float64(x)
	}
	return s
}

// oneLine is text as a compact prompt may hold it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, s)
}
