package verifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Verifier("length_control", registry.Doc{
		Summary: "Takes out of another verifier's judgements what the length of attempts explains of them.",
		Detail: "Among the attempts at one task the value is fitted to length, and each gets the value that it would have at their mean length. " +
			"`scale: linear` fits by least squares and moves values by slope times length difference, cut to 0..1: right for grades and shares that keep away from the ends. " +
			"`scale: logistic` fits log-odds to tanh of the length difference in standard deviations, the term for length of length-controlled AlpacaEval, and takes it out: right for win shares and probabilities, which it keeps within 0..1; " +
			"values nearer to 0 or 1 than half of one attempt in all count as that near, since nothing would move them. " +
			"AlpacaEval fits a logistic regression to single preferences, with terms for the model and the task's difficulty beside; attempts at one task by one model have neither, and values here are shares, so least squares on log-odds do. " +
			"Where longer attempts are better for other reasons, that goes as well, and a group of a few attempts says little: give `slope`, as `length_bias` measures it over many tasks with the truth held fixed, and nothing is fitted. " +
			"Fewer than `least` judged attempts, or attempts of one length, are left as they are.",
		Paper:   "Length-Controlled AlpacaEval: A Simple Way to Debias Automatic Evaluators (Dubois et al., 2024); Iterative Length-Regularized Direct Preference Optimization (Liu et al., 2024)",
		ID:      "S109",
		Example: "length_control: {of: {grade: {seat: judge}}}",
	}, newLengthControl)
}

// LengthControlConfig configures length_control.
type LengthControlConfig struct {
	Of      core.Spec `yaml:"of" kind:"verifier" required:"true" doc:"Verifier whose judgements are controlled."`
	Scale   string    `yaml:"scale" enum:"linear|logistic" default:"linear" doc:"Whether values or their log-odds are moved."`
	Measure string    `yaml:"measure" enum:"characters|words|tokens" default:"characters" doc:"What length is; tokens are those sampled."`
	Slope   float64   `yaml:"slope" default:"0" doc:"Change of the value (logistic: of the log-odds) for 100 more characters, words or tokens, where it is known; 0 fits it to the attempts at each task."`
	Least   int       `yaml:"least" default:"4" min:"3" doc:"Judged attempts at a task from which on something is fitted."`
}

func newLengthControl(ctx context.Context, h core.Host, c LengthControlConfig) (core.Verifier, error) {
	in, err := newInner(ctx, h, c.Of)
	if err != nil {
		return nil, fmt.Errorf("making length_control: %w", err)
	}
	if c.Least <= 0 {
		c.Least = 4
	}
	l := lengthControl{c, in}
	return closing{groups{"length_control", "controlling judgements for length", l.judge}, []inner{in}}, nil
}

// closing closes the verifiers that another one is made of.
type closing struct {
	groups
	of []inner
}

// Close closes what the inner verifiers hold.
func (c closing) Close() (err error) {
	for _, v := range c.of {
		if k, ok := v.Verifier.(io.Closer); ok {
			err = errors.Join(err, k.Close())
		}
	}
	return err
}

type lengthControl struct {
	cfg LengthControlConfig
	of  inner
}

// length of an attempt in the unit asked for.
func (l lengthControl) length(ep *core.Episode, r core.Ref) float64 {
	switch l.cfg.Measure {
	case "words":
		return float64(len(strings.Fields(attempt(ep, r))))
	case "tokens":
		n := 0
		for ; r > ep.Root(); r = ep.Node(r).Parent {
			n += len(ep.Node(r).TokenIDs)
		}
		return float64(n)
	}
	return float64(utf8.RuneCountInString(attempt(ep, r)))
}

func (l lengthControl) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	js, err := l.of.all(ctx, eps)
	if err != nil {
		return nil, err
	}
	out := make([]group, len(eps))
	for i, ep := range eps {
		out[i] = l.control(ep, byAttempt(js[i]))
		out[i].usage = js[i].Usage
	}
	return out, nil
}

// control moves the values of one episode's attempts.
func (l lengthControl) control(ep *core.Episode, scores map[core.Ref]core.Score) group {
	g := group{rulings: map[core.Ref]ruling{}}
	var refs []core.Ref
	var lengths, values []float64
	for _, r := range ep.Leaves() {
		s, ok := scores[r]
		if !ok {
			continue
		}
		s.Via = 0 // the inner judge's nodes stay with it
		g.rulings[r] = ruling{score: s}
		if !s.Abstain {
			refs, lengths, values = append(refs, r), append(lengths, l.length(ep, r)), append(values, s.Value)
		}
	}
	moves, why := l.moves(lengths, values)
	for k, r := range refs {
		s := g.rulings[r].score
		if moves == nil {
			s.Rationale = strings.TrimSpace("as judged (" + why + "). " + s.Rationale)
		} else {
			before := s.Value
			s.Value, s.Confidence = moves[k], 0 // how sure the judge was is of another value
			s.Rationale = strings.TrimSpace(fmt.Sprintf("%.3f, judged %.3f at a length of %.0f. %s", s.Value, before, lengths[k], s.Rationale))
		}
		g.rulings[r] = ruling{score: s}
	}
	return g
}

// moves gives each value at the mean length, or says why they stay.
func (l lengthControl) moves(lengths, values []float64) ([]float64, string) {
	mean := stats.Mean(lengths)
	var spread float64
	for _, x := range lengths {
		spread += (x - mean) * (x - mean)
	}
	switch {
	case len(values) < l.cfg.Least && l.cfg.Slope == 0:
		return nil, "too few attempts to fit the effect of length"
	case spread == 0:
		return nil, "all attempts are equally long"
	}
	sd := math.Sqrt(spread / float64(len(lengths)))
	x := make([]float64, len(lengths)) // what stands for length in the fit, 0 at the mean
	for i, n := range lengths {
		x[i] = n - mean
		if l.cfg.Scale == "logistic" && l.cfg.Slope == 0 {
			x[i] = math.Tanh((n - mean) / sd)
		}
	}
	slope := l.cfg.Slope / 100
	out := make([]float64, len(values))
	if l.cfg.Scale != "logistic" {
		if slope == 0 {
			slope = stats.NewWithin(x, values, nil).Effect().Value
		}
		for i, v := range values {
			out[i] = min(1, max(0, v-slope*x[i]))
		}
		return out, ""
	}
	edge := 0.5 / float64(len(values)) // log-odds of 0 and 1 are infinite
	odds := make([]float64, len(values))
	for i, v := range values {
		v = min(1-edge, max(edge, v))
		odds[i] = math.Log(v / (1 - v))
	}
	if slope == 0 {
		slope = stats.NewWithin(x, odds, nil).Effect().Value
	}
	for i := range odds {
		out[i] = 1 / (1 + math.Exp(-(odds[i] - slope*x[i])))
	}
	return out, ""
}
