package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/world"
)

func init() {
	registry.Verifier("cross_view", registry.Doc{
		Summary: "Judges attempts by the majority answer to the same task in other words.",
		Detail: "The task is put in other words, by `rewriter` or by the rules of its world (`rewrite: world`, as swapped operands); the seat answers " +
			"that view `samples` times, and an attempt is worth 1 if it gives the view's most common answer, else 0. " +
			"With several views the value is the mean over them. The confidence is the share of the view's votes for that answer. " +
			"A vote that is fooled by one wording is not confirmed by another one. It abstains where no view can be had, or has no majority. " +
			"The paper's rewriting, by a larger model, changes the story as well, and it learns from the answers to the view too, judged by the majority of the attempts; " +
			"here the attempts alone are judged.",
		Paper:   "Co-Reward: Self-supervised Reinforcement Learning for Large Language Model Reasoning via Contrastive Agreement (Zhang et al., 2025)",
		ID:      "S049",
		Example: "cross_view: {rewriter: solver}",
	}, newCrossView)
}

// CrossViewConfig configures cross_view.
type CrossViewConfig struct {
	Asking
	Rewrite     string  `yaml:"rewrite" enum:"model|world" default:"model" doc:"Who puts the task in other words: the rewriter, or the rules of the task's world."`
	Rewriter    string  `yaml:"rewriter" ref:"seat" default:"solver" doc:"Seat that rewrites."`
	Prompt      string  `yaml:"prompt" ref:"prompt" default:"rephrase" doc:"How it is asked to."`
	Views       int     `yaml:"views" default:"1" min:"1" max:"100" doc:"Wordings."`
	Samples     int     `yaml:"samples" default:"8" min:"1" max:"1000" doc:"Answers to each."`
	Temperature float64 `yaml:"temperature" default:"1" min:"0" max:"5" doc:"Temperature of wordings and answers."`
	Extract
}

func newCrossView(_ context.Context, h core.Host, c CrossViewConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Rephrase
	}
	v := crossView{cfg: c, seed: h.Seed()}
	var err error
	if c.Seat == "" {
		v.cfg.Seat = "solver"
	}
	if v.solver, err = h.Actor(v.cfg.Seat); err != nil {
		return nil, fmt.Errorf("making cross_view: %w", err)
	}
	if c.Rewrite != "world" {
		if v.rewriter, err = newInterviewer(h, c.Rewriter, c.Prompt); err != nil {
			return nil, fmt.Errorf("making cross_view: %w", err)
		}
	}
	return groups{"cross_view", "answering tasks in other words", v.judge}, nil
}

type crossView struct {
	cfg      CrossViewConfig
	solver   core.Actor
	rewriter *interviewer // nil: the world
	seed     uint64
}

// view is a task in other words.
type view struct {
	of   int // episode
	k    int // position among its wordings, so that answers do not hang on which other tasks there are
	path []core.Node
}

func (v crossView) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	views, all, err := v.rewritten(ctx, eps)
	if err != nil {
		return nil, err
	}
	rs := make([]core.Request, len(views))
	for i, w := range views {
		rs[i] = core.Request{
			Path: w.path, N: max(v.cfg.Samples, 1), Options: core.Options{Temperature: &v.cfg.Temperature},
			Seed: core.NewHasher("view").Uint(v.seed).String(eps[w.of].Task.ID).Uint(uint64(w.k)).Seed(),
		}
	}
	answers, long, err := core.Fitting(rs, func(rs []core.Request) ([][]core.Node, error) { return actAll(ctx, v.solver, rs) })
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", v.cfg.Seat, err)
	}
	polls := make([][]*ballot, len(eps)) // of the views of each episode that have a majority
	for i, w := range views {
		if long[i] {
			continue
		}
		all[w.of].usage.Add(used(answers[i]))
		poll := newBallot()
		for k, n := range answers[i] {
			poll.cast(core.Ref(k+1), v.cfg.Answer(n.Content), 1)
		}
		if _, tied := poll.winner(); tied == 1 {
			polls[w.of] = append(polls[w.of], poll)
		}
	}
	for i, ep := range eps {
		all[i].rulings = map[core.Ref]ruling{}
		for _, r := range ep.Leaves() {
			all[i].rulings[r] = confirmed(v.cfg.Answer(attempt(ep, r)), polls[i])
		}
	}
	return all, nil
}

// confirmed is how an answer agrees with the majorities of views.
func confirmed(answer string, polls []*ballot) ruling {
	if len(polls) == 0 {
		return silent("no other wording of the task has a majority answer")
	}
	if answer == "" {
		return said(0, 1, "gives no answer")
	}
	var agree, sure float64
	label := ""
	for _, p := range polls {
		label, _ = p.winner()
		sure += p.share(label)
		agree += truth(label == answer)
	}
	n := float64(len(polls))
	return said(agree/n, sure/n, fmt.Sprintf("%q; the last of %d views says %q", answer, len(polls), label))
}

// rewritten are the views of all episodes, and what they cost.
func (v crossView) rewritten(ctx context.Context, eps []*core.Episode) ([]view, []group, error) {
	all := make([]group, len(eps))
	var views []view
	if v.rewriter == nil {
		for i, ep := range eps {
			for k := range max(v.cfg.Views, 1) {
				if t, ok := world.Restate(ep.Task, core.NewHasher("restate").String(ep.Task.ID).Uint(uint64(k)).Seed()); ok {
					views = append(views, view{i, k, t.Prompt})
				}
			}
		}
		return views, all, nil
	}
	qs := make([]question, len(eps))
	for i, ep := range eps {
		qs[i] = question{data: prompt.Data{Task: ep.Task.Prompt}, about: ep.Task.ID, n: max(v.cfg.Views, 1), options: core.Options{Temperature: &v.cfg.Temperature}}
	}
	replies, err := v.rewriter.ask(ctx, qs)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range replies {
		all[i].usage.Add(r.usage())
		for k, n := range r.nodes {
			text, ok := prompt.ParseProposal(v.rewriter.asker.Dialect(), n.Content)
			if !ok {
				continue
			}
			views = append(views, view{i, k, reworded(eps[i].Task.Prompt, text)})
		}
	}
	return views, all, nil
}

// reworded is a prompt whose last turn says text.
func reworded(path []core.Node, text string) []core.Node {
	if len(path) == 0 {
		return prompt.Turns(text)
	}
	out := append([]core.Node(nil), path...)
	last := &out[len(out)-1]
	last.Content, last.TokenIDs, last.Logprobs = text, nil, nil
	return out
}
