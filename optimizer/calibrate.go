package optimizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
	"pawl/stats/calibrate"
)

func init() {
	registry.Optimizer("calibrate", registry.Doc{
		Summary: "Learns what the values of a verifier are worth, on tasks of their own; trains nothing.",
		Detail: "The policy plays the tasks of a set, as at inference, and `truth` says which attempts are right. On one half of the " +
			"tasks a calibrator is fitted to the values of `by`, and thresholds are chosen; on the other half the answers above each " +
			"threshold are counted, so that `answer: {by: ..., abstain_below: {risk: 0.05}}` finds the lowest one that keeps its risk. " +
			"The result is the part `calibration` of the policy, which is gated with it and used by the verifier `calibrated`. " +
			"It holds for the weights it was fitted with: training and merging drop it, so calibrate comes last. " +
			"The stage's examples are not looked at, but there must be some.",
		Paper:   "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk Control (Angelopoulos et al., 2021); On Calibration of Modern Neural Networks (Guo et al., 2017)",
		Example: "calibrate: {by: majority_vote, truth: exact, tasks: labelled}",
	}, newCalibrate)
}

// Calibrate configures calibrate.
type Calibrate struct {
	By      string    `yaml:"by" ref:"verifier" required:"true" doc:"Verifier whose values are calibrated; the one that answers, for a risk."`
	Truth   core.Spec `yaml:"truth" kind:"verifier" default:"exact" doc:"Verifier that says which attempts are right."`
	AtLeast float64   `yaml:"at_least" default:"0.5" doc:"Smallest value of it that counts as right."`
	Tasks   string    `yaml:"tasks" ref:"tasks" required:"true" doc:"Tasks to calibrate on; no others may be trained on or judged by."`
	Method  string    `yaml:"method" enum:"isotonic|platt|temperature|histogram" default:"isotonic" doc:"Form of the calibrator."`
	Bins    int       `yaml:"bins" default:"10" min:"1" max:"1000" doc:"Bins of histogram."`
}

func newCalibrate(ctx context.Context, h core.Host, c Calibrate) (core.Optimizer, error) {
	if c.Truth.Name == "" {
		c.Truth = core.Spec{Kind: core.KindVerifier, Name: "exact"}
	}
	if c.Truth.Label() == c.By {
		return nil, fmt.Errorf("making calibrate: %s cannot say how often it is right itself; give truth another verifier", c.By)
	}
	built, err := h.Build(ctx, c.Truth)
	if err != nil {
		return nil, fmt.Errorf("building the verifier of calibrate: %w", err)
	}
	truth, ok := built.(core.Verifier)
	if !ok {
		return nil, fmt.Errorf("%s is a %T, not a verifier", c.Truth.Label(), built)
	}
	return &calibrator{h, c, truth}, nil
}

type calibrator struct {
	host   core.Host
	config Calibrate
	truth  core.Verifier
}

// half is what was seen of half of the tasks.
type half struct {
	attempts []calibrate.Point // all that by has judged
	answers  []calibrate.Point // of each task the one that by values most
}

// Optimize returns p with another calibration.
func (o *calibrator) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	if err := some(ctx, in); err != nil {
		return nil, fmt.Errorf("calibrating: %w", err)
	}
	eps, err := o.host.Try(ctx, p, o.config.Tasks)
	if err != nil {
		return nil, fmt.Errorf("calibrating %s: %w", o.config.By, err)
	}
	halves, err := o.judge(ctx, eps)
	if c, ok := o.truth.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("calibrating %s: %w", o.config.By, err)
	}
	search, test := halves[0], halves[1]
	if len(search.answers) == 0 || len(test.answers) == 0 {
		return nil, fmt.Errorf("calibrating %s: of the %d tasks of %s, %d and %d in the two halves have an attempt that it judges and that %s can judge; give more tasks, with reference answers",
			o.config.By, len(eps), o.config.Tasks, len(search.answers), len(test.answers), o.config.Truth.Label())
	}
	fitted, err := calibrate.Fit(o.config.Method, search.attempts, o.config.Bins)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(calibrate.Calibration{
		By: o.config.By, Calibrator: fitted, Levels: calibrate.Levels(search.answers, test.answers),
		Searched: len(search.answers), Tested: len(test.answers),
	})
	if err != nil {
		return nil, fmt.Errorf("calibrating %s: %w", o.config.By, err)
	}
	d, err := o.host.Put(ctx, content)
	if err != nil {
		return nil, fmt.Errorf("keeping the calibration of %s: %w", o.config.By, err)
	}
	o.host.Progress(core.Progress{Stage: "calibrate", Done: 1, Total: 1, Note: note(fitted, test.attempts)})
	return p.With(core.PartCalibration, d), nil
}

// judge sorts attempts into the halves. Tasks with one prompt are in one half,
// and the first of them alone answers: the answers of a half are independent.
func (o *calibrator) judge(ctx context.Context, eps []*core.Episode) (halves [2]half, err error) {
	seen := map[string]bool{}
	for _, ep := range eps {
		if ep.Err != "" {
			continue
		}
		best, _, ok := ep.Best(o.config.By)
		if !ok {
			continue
		}
		j, err := o.truth.Verify(ctx, ep, nil)
		if err != nil {
			return halves, fmt.Errorf("task %s: %w", ep.Task.ID, err)
		}
		right := map[core.Ref]bool{}
		for _, s := range j.Scores {
			if len(s.Nodes) == 1 && !s.Abstain {
				right[s.Nodes[0]] = s.Value >= o.config.AtLeast
			}
		}
		text := ep.Task.Text()
		to := &halves[core.NewHasher("half").String(text).Seed()%2]
		for _, leaf := range ep.Leaves() {
			s, judged := ep.ScoreOf(o.config.By, leaf)
			r, known := right[leaf]
			if !judged || s.Abstain || !known {
				continue
			}
			point := calibrate.Point{Score: s.Value, Right: r}
			to.attempts = append(to.attempts, point)
			if leaf == best && !seen[text] {
				seen[text] = true
				to.answers = append(to.answers, point)
			}
		}
	}
	return halves, nil
}

// note tells what calibration did, on attempts that it was not fitted on.
func note(c calibrate.Calibrator, points []calibrate.Point) string {
	before, after, right := make([]float64, len(points)), make([]float64, len(points)), make([]bool, len(points))
	for i, p := range points {
		before[i], after[i], right[i] = p.Score, c.Apply(p.Score), p.Right
	}
	const bins = 10
	said := fmt.Sprintf("expected calibration error %.3f", stats.ECE(stats.EqualMass(after, right, bins)))
	for _, x := range before {
		if x < 0 || x > 1 {
			return said // the values were no probabilities
		}
	}
	return said + fmt.Sprintf(", %.3f before", stats.ECE(stats.EqualMass(before, right, bins)))
}

// some reads examples that are not looked at. None is an error: a stage whose
// selector finds nothing has gone wrong.
func some(ctx context.Context, in core.Examples) error {
	found := false
	for _, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("reading examples: %w", err)
		}
		found = true
	}
	if !found {
		return ErrNothingToLearn
	}
	return nil
}
