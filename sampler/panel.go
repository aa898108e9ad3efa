package sampler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Sampler("panel", registry.Doc{
		Summary: "Lets several seats attempt each task, each on its own.",
		Detail: "The seats' attempts follow each other in the order of the seats, each under its seat's name; none sees another's. " +
			"With `majority_vote: {of: any}` they vote, which tells more than one model's samples do where models err in " +
			"different ways, as those trained from different seeds.",
		Paper:   "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges (Lee et al., 2025)",
		ID:      "S224",
		Example: "panel: {seats: [a, b, c], temperature: 0}",
	}, newPanel)
}

// Panel configures panel.
type Panel struct {
	Seats       []string `yaml:"seats" ref:"seat" required:"true" min:"1" doc:"Seats that answer, each once."`
	N           int      `yaml:"n" default:"1" min:"1" max:"65536" doc:"Attempts of each seat."`
	Temperature *float64 `yaml:"temperature" min:"0" doc:"Sampling temperature; left out, each seat's own."`
	Logprobs    bool     `yaml:"logprobs" default:"false" doc:"Keep the log-prob of every sampled token."`
	MaxTokens   int      `yaml:"max_tokens" default:"0" min:"0" doc:"Longest attempt, in tokens; 0 leaves it to the task and the model."`
}

// Validate refuses a seat that would count twice.
func (c Panel) Validate() error {
	for i, s := range c.Seats {
		if slices.Contains(c.Seats[:i], s) {
			return fmt.Errorf("seat %s stands twice; give it more attempts with n", s)
		}
	}
	return nil
}

// newPanel asks the host for every seat. The result plays many tasks at once
// where all of the actors do.
func newPanel(_ context.Context, h core.Host, c Panel) (core.Sampler, error) {
	if len(c.Seats) == 0 {
		return nil, errors.New("a panel wants seats")
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var p panel
	batch := true
	for _, name := range c.Seats {
		s, err := newShots(h, Seat{Seat: name, MaxTokens: c.MaxTokens}, c.N, core.Options{Temperature: c.Temperature, Logprobs: c.Logprobs})
		if err != nil {
			return nil, err
		}
		if b, ok := s.(*batchShots); ok {
			p = append(p, b.shots)
		} else {
			batch = false
			p = append(p, s.(*shots))
		}
	}
	if batch {
		return batchPanel{p}, nil
	}
	return p, nil
}

type panel []*shots

// call is that of one seat. Its seed is its own: two seats of one policy do not
// draw the same.
func (p panel) call(c core.Call, seat string) core.Call {
	c.Seed = core.NewHasher("panel").String(seat).Uint(c.Seed).Seed()
	return c
}

// Sample asks one seat after the other.
func (p panel) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	ep := core.NewEpisode(t, c.Seed)
	for _, s := range p {
		_, r, err := s.start(p.call(c, s.seat), t)
		if err != nil {
			return nil, err
		}
		nodes, err := s.actor.Act(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("sampling task %s, seat %s: %w", t.ID, s.seat, err)
		}
		if _, err := s.finish(ep, nodes); err != nil {
			return nil, err
		}
	}
	return ep, nil
}

// batchPanel is panel on actors that serve many requests at once.
type batchPanel struct{ panel }

// SampleBatch plays all tasks in one batch a seat.
func (p batchPanel) SampleBatch(ctx context.Context, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	if len(calls) != len(tasks) {
		return nil, fmt.Errorf("sampling %d tasks with %d calls: one call a task is needed", len(tasks), len(calls))
	}
	eps := make([]*core.Episode, len(tasks))
	for i, t := range tasks {
		eps[i] = core.NewEpisode(t, calls[i].Seed)
	}
	for _, s := range p.panel {
		rs := make([]core.Request, len(tasks))
		for i, t := range tasks {
			var err error
			if _, rs[i], err = s.start(p.call(calls[i], s.seat), t); err != nil {
				return nil, err
			}
		}
		all, err := actBatch(ctx, s.actor.(core.BatchActor), rs)
		if err != nil {
			return nil, fmt.Errorf("asking seat %s: %w", s.seat, err)
		}
		for i, nodes := range all {
			if _, err := s.finish(eps[i], nodes); err != nil {
				return nil, err
			}
		}
	}
	return eps, nil
}
