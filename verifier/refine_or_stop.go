package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("refine_or_stop", registry.Doc{
		Summary: "Judges an attempt by whether the model would stop after it or go on to refine it.",
		Detail: "The value is P(stop) / (P(stop) + P(refine)) of two texts that may follow the attempt; nothing is drawn. " +
			"Without `stop`, stopping is the end token that the attempt was sampled with, so the attempt must be the seat's own and have ended by itself; " +
			"others are abstained on. " +
			"The paper takes P(stop) by itself as the confidence by which votes are weighed; its training leaves the two texts all of the probability, so that " +
			"nothing is lost by dividing, and a model that was not trained so says something too. " +
			"A model that was trained to say [refine] after wrong attempts, and to end after right ones, judges itself so; the confidence is that " +
			"of the likelier of the two. It says little of another model.",
		Paper:   "ReVISE: Learning to Refine at Test-Time via Intrinsic Self-Verification (Lee et al., 2025)",
		ID:      "S073",
		Example: `refine_or_stop: {refine: " [refine]"}`,
		Needs:   []string{registry.NeedLogprobs},
	}, newRefineOrStop)
}

// RefineOrStopConfig configures refine_or_stop.
type RefineOrStopConfig struct {
	Asking
	Refine string `yaml:"refine" default:"[refine]" doc:"What the model says after an attempt that it would refine."`
	Stop   string `yaml:"stop,omitzero" doc:"What it says after one that it would leave; empty for its end token."`
}

// Needs is the engine in the binary where the end token is to be seen.
func (c RefineOrStopConfig) Needs() []string {
	if c.Stop == "" {
		return []string{registry.NeedEmbedded}
	}
	return nil
}

func newRefineOrStop(_ context.Context, h core.Host, c RefineOrStopConfig) (core.Verifier, error) {
	if c.Seat == "" {
		c.Seat = "solver"
	}
	if c.Refine == "" {
		c.Refine = "[refine]"
	}
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, fmt.Errorf("making refine_or_stop: %w", err)
	}
	r := refineOrStop{c, actor}
	if c.Stop == "" {
		return attempts{"refine_or_stop", "reading whether attempts end", r.ends}, nil
	}
	return attempts{"refine_or_stop", "reading what follows attempts", r.follows}, nil
}

type refineOrStop struct {
	cfg   RefineOrStopConfig
	actor core.Actor
}

func (r refineOrStop) rule(stop, refine []float32) ruling {
	if stop == nil || refine == nil {
		return silent(tooLongFor(r.cfg.Seat))
	}
	p := odds(stop, refine)
	if !finite(p) {
		return silent("neither stopping nor refining has a probability")
	}
	v := sureOf(p, fmt.Sprintf("stopping has %.3f of the probability of stopping and refining", p))
	v.usage = core.Usage{Calls: 1}
	return v
}

// follows compares the two texts after each attempt, which is read as text: it
// is to go on, and ids may hold an end token.
func (r refineOrStop) follows(ctx context.Context, items []item) ([]ruling, error) {
	var paths [][]core.Node
	for _, it := range items {
		path := asRead(it, r.cfg.Seat)
		path[len(path)-1].TokenIDs = nil
		paths = append(paths, onward(path, r.cfg.Stop), onward(path, r.cfg.Refine))
	}
	scores, err := scoreAll(ctx, r.cfg.Seat, r.actor, paths)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i := range items {
		rulings[i] = r.rule(scores[2*i], scores[2*i+1])
	}
	return rulings, nil
}

// ends compares the end token of each attempt with the text in its place.
func (r refineOrStop) ends(ctx context.Context, items []item) ([]ruling, error) {
	rulings := make([]ruling, len(items))
	var paths [][]core.Node
	var of []int
	for i, it := range items {
		path := asRead(it, r.cfg.Seat)
		n := &path[len(path)-1]
		if len(n.TokenIDs) == 0 || n.Finish != "stop" {
			rulings[i] = silent("it was not sampled to its end by " + r.cfg.Seat)
			continue
		}
		whole := append([]core.Node(nil), path...)
		n.TokenIDs = n.TokenIDs[:len(n.TokenIDs)-1]
		paths, of = append(paths, whole, onward(path, r.cfg.Refine)), append(of, i)
	}
	if len(paths) == 0 {
		return rulings, nil
	}
	seen, err := readAll(ctx, r.cfg.Seat, r.actor, paths, core.Reading{})
	if err != nil {
		return nil, err
	}
	for k, i := range of {
		whole, refined := seen[2*k], seen[2*k+1]
		if whole == nil || refined == nil {
			rulings[i] = silent(tooLongFor(r.cfg.Seat))
			continue
		}
		last := len(whole.Raw) - 1
		if last < 0 || whole.Text[last] != "" { // cut at a stop string, that token is text
			rulings[i] = silent("it did not end with an end token")
			continue
		}
		rulings[i] = r.rule(whole.Raw[last:], refined.Raw)
	}
	return rulings, nil
}
