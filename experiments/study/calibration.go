package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"

	"pawl"
	"pawl/core"
	"pawl/stats/calibrate"
)

// Calibration is what the values of verifiers are worth as probabilities, before
// and after calibrators that were fitted on other tasks, and whether thresholds
// keep the risks that they promise.
type Calibration struct {
	Kind       string   `json:"kind"` // KindCalibration
	Where      Where    `json:"where"`
	Model      string   `json:"model"`
	Tasks      int      `json:"tasks"` // of each split of each world, at most
	Votes      int      `json:"votes"` // samples that vote, and from which the vote's answer is chosen
	Seed       uint64   `json:"seed"`  // of samples and resamplings
	Bins       int      `json:"bins"`  // of calibration errors, and of the calibrator histogram
	Resamples  int      `json:"resamples"`
	Splits     int      `json:"splits"`     // resamplings of the thresholds
	Confidence float64  `json:"confidence"` // of a threshold; a share of 1 minus this may break its risk
	Fits       []Fitted `json:"fits"`
	Risks      []Kept   `json:"risks"`
}

// KindCalibration marks the file.
const KindCalibration = "calibration"

// pooled names the answers of all worlds together.
const pooled = "all"

// CalibrationOptions say what to calibrate on what.
type CalibrationOptions struct {
	Worlds    []string // of the recipe pretrain-nano
	Tasks     int      // of each split
	Votes     int      // samples of a task that vote
	VotesOnly bool     // leave out the verifiers that ask the model
	Seed      uint64
	Resamples int // of each interval
	Splits    int // of fit and test, for thresholds
	// Answers is a file for what the verifiers said: kept there, and read from there
	// if it exists, so that it can be measured anew without asking again. "" is none.
	Answers string
}

// voting verifiers compare samples, so that they have several of each task and
// choose the answer; others judge one sample of each.
var (
	voting  = []string{"majority_vote", "restrain"}
	judging = []string{
		"p_true", "likelihood", "answer_confidence", "token_margin", "token_entropy", "self_certainty",
		"verbalized", "grade", "introspection", "mc_dropout",
	}
)

// RunCalibration samples both splits, lets verifiers judge, and measures. Nothing
// that is fitted sees the split audit.
func RunCalibration(ctx context.Context, p *pawl.Pawl, model pawl.Model, o CalibrationOptions, say func(string)) (*Calibration, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	for _, name := range o.Worlds {
		if _, ok := meant.Levels[name]; !ok {
			return nil, &pawl.InputError{Err: fmt.Errorf("measuring calibration: the recipe %s has no world %q", pawl.NanoRecipe, name)}
		}
	}
	maps.DeleteFunc(meant.Levels, func(name string, _ int) bool { return !slices.Contains(o.Worlds, name) })
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	c := &Calibration{
		Kind: KindCalibration, Where: Here(), Model: model.String(), Tasks: o.Tasks, Votes: o.Votes, Seed: o.Seed,
		Bins: 15, Resamples: o.Resamples, Splits: o.Splits, Confidence: 0.95,
	}
	got, err := o.answers(ctx, p, meant, policy, say)
	if err != nil {
		return nil, err
	}
	fit, _ := byVerifier(got["gate"])
	audit, asked := byVerifier(got["audit"])
	say("fitting and resampling")
	return c, c.measure(fit, audit, asked)
}

// answers are those of both splits, from the file where it has them.
func (o CalibrationOptions) answers(ctx context.Context, p *pawl.Pawl, meant pawl.Difficulties, policy core.Policy, say func(string)) (map[string][]pawl.WorldAnswers, error) {
	got := map[string][]pawl.WorldAnswers{}
	if o.Answers != "" {
		b, err := os.ReadFile(o.Answers)
		if err == nil {
			err = json.Unmarshal(b, &got)
			return got, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	for _, split := range []string{"gate", "audit"} {
		for _, part := range []struct {
			verifiers []string
			samples   int
		}{{voting, o.Votes}, {judging, 1}} {
			if o.VotesOnly && part.samples == 1 {
				continue
			}
			all, err := p.VerifierAnswers(ctx, policy, pawl.VerifierOptions{Verifiers: part.verifiers, EnvironmentOptions: pawl.EnvironmentOptions{
				Worlds: meant.Levels, Sizes: meant.Sizes, Tasks: o.Tasks, Samples: part.samples, Seed: o.Seed, Split: split,
				Observe: func(at pawl.Visit) {
					if at.Done == 0 {
						say(fmt.Sprintf("%s, %s (%d of %d): %s", split, at.World, at.Index+1, at.Of, at.Part))
					}
				},
			}})
			if err != nil {
				return nil, err
			}
			got[split] = append(got[split], all...)
		}
	}
	if o.Answers != "" {
		return got, Save(o.Answers, got)
	}
	return got, nil
}

// byVerifier sorts the answers of a split, and counts the tasks of each world.
func byVerifier(all []pawl.WorldAnswers) (points map[answered][]calibrate.Point, asked map[string]int) {
	points, asked = map[answered][]calibrate.Point{}, map[string]int{}
	for _, w := range all {
		asked[w.World] = w.Tasks
		for _, world := range []string{w.World, pooled} {
			at := answered{world, w.Verifier}
			for _, a := range w.Answers {
				points[at] = append(points[at], calibrate.Point{Score: a.Value, Right: a.Right})
			}
		}
	}
	sum := 0
	for _, n := range asked {
		sum += n
	}
	asked[pooled] = sum
	return points, asked
}

// answered names the answers of one verifier in one world, or in all.
type answered struct{ world, verifier string }

// measure fits on some answers and measures on others.
func (c *Calibration) measure(fit, audit map[answered][]calibrate.Point, asked map[string]int) error {
	keys := slices.SortedFunc(maps.Keys(audit), func(a, b answered) int {
		return slices.Compare([]string{first(a.world), a.world, a.verifier}, []string{first(b.world), b.world, b.verifier})
	})
	fits, risks, errs := make([][]Fitted, len(keys)), make([][]Kept, len(keys)), make([]error, len(keys))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, at := range keys {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			fits[i], errs[i] = c.fitted(fit[at], audit[at])
			if errs[i] == nil {
				risks[i], errs[i] = c.kept(slices.Concat(fit[at], audit[at]))
			}
		})
	}
	wg.Wait()
	for i, at := range keys {
		if errs[i] != nil {
			return fmt.Errorf("calibrating %s in %s: %w", at.verifier, at.world, errs[i])
		}
		for _, f := range fits[i] {
			f.World, f.Verifier, f.Silent = at.world, at.verifier, 1-float64(f.N)/float64(asked[at.world])
			c.Fits = append(c.Fits, f)
		}
		for _, k := range risks[i] {
			k.World, k.Verifier = at.world, at.verifier
			c.Risks = append(c.Risks, k)
		}
	}
	return nil
}

// first sorts what is pooled before the worlds.
func first(world string) string {
	if world == pooled {
		return ""
	}
	return "w"
}
