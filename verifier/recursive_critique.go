package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Verifier("recursive_critique", registry.Doc{
		Summary: "Lets a model criticise an attempt, criticise the critique, and so on to an order, and then decide whether the attempt is right.",
		Detail: "A critique of order 1 is of the attempt, one of order k of that of order k-1. The judge sees the attempt and all critiques, each in a context of its own, and says yes or no; " +
			"with `samples` several chains are drawn and the value is the share that ends in yes. With `probability` the last word is read from the model's probabilities. " +
			"The paper tests whether a higher order is easier to judge than the one below, with people and models; order 1 and several samples of order 0 (`p_true`, `jury`) are what to compare with at equal cost. " +
			"Kept, a chain is a path of nodes that ends in the verdict.",
		Paper:   "Scalable Oversight for Superhuman AI via Recursive Self-Critiquing (Wen et al., 2025)",
		ID:      "S183",
		Example: "recursive_critique: {seat: judge, order: 2}",
	}, newRecursiveCritique)
}

// RecursiveCritiqueConfig configures recursive_critique.
type RecursiveCritiqueConfig struct {
	Judging
	Order       int    `yaml:"order" default:"2" min:"1" max:"8" doc:"Order of the last critique."`
	Samples     int    `yaml:"samples" default:"1" min:"1" max:"100" doc:"Chains of critiques for each attempt."`
	Critic      string `yaml:"critic" ref:"seat" doc:"Seat that criticises; if not given, the one that decides."`
	Probability bool   `yaml:"probability" doc:"Read P(yes) from the model's probabilities in place of asking for a word."`
	Critique    string `yaml:"critique" ref:"prompt" default:"critique" doc:"How critiques are asked for."`
	Prompt      string `yaml:"prompt" ref:"prompt" default:"verify_critiqued" doc:"How the verdict is asked for."`
}

// Needs are log-probs where probabilities are read.
func (c RecursiveCritiqueConfig) Needs() []string {
	if c.Probability {
		return []string{registry.NeedLogprobs}
	}
	return nil
}

func newRecursiveCritique(_ context.Context, h core.Host, c RecursiveCritiqueConfig) (core.Verifier, error) {
	c.Order, c.Samples = max(c.Order, 1), max(c.Samples, 1)
	if c.Critique == "" {
		c.Critique = prompt.Critique
	}
	if c.Prompt == "" {
		c.Prompt = prompt.VerifyCritiqued
	}
	critic := c.Critic
	if critic == "" {
		critic = c.Seat
	}
	k := critics{cfg: c}
	var err error
	if k.critic, err = newInterviewer(h, critic, c.Critique); err != nil {
		return nil, fmt.Errorf("making recursive_critique: %w", err)
	}
	if k.panel, err = newPanel(h, c.Judging, c.Prompt, yesOrNo); err != nil {
		return nil, fmt.Errorf("making recursive_critique: %w", err)
	}
	return attempts{"recursive_critique", "criticising attempts", k.judge}, nil
}

type critics struct {
	cfg    RecursiveCritiqueConfig
	critic *interviewer
	panel[bool]
}

// critiques is one chain about one attempt.
type critiques struct {
	item  int
	q     question
	nodes []core.Node
	why   string // it broke off
	usage core.Usage
}

func (k critics) judge(ctx context.Context, items []item) ([]ruling, error) {
	var chains []critiques
	for i, it := range items {
		for n := range k.cfg.Samples {
			chains = append(chains, critiques{item: i, q: question{
				data:  prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()},
				about: fmt.Sprintf("%s/%d", it.about(), n),
			}})
		}
	}
	for range k.cfg.Order {
		if err := k.criticise(ctx, chains); err != nil {
			return nil, err
		}
	}
	values, verdicts, err := k.decide(ctx, chains)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i := range items {
		rulings[i] = k.rule(chains[i*k.cfg.Samples:(i+1)*k.cfg.Samples], values[i*k.cfg.Samples:], verdicts[i*k.cfg.Samples:])
	}
	return rulings, nil
}

// criticise makes every chain longer by one critique.
func (k critics) criticise(ctx context.Context, chains []critiques) error {
	var qs []question
	var of []int
	for i, c := range chains {
		if c.why == "" {
			q := c.q
			q.about = fmt.Sprintf("%s/critique%d", q.about, len(c.nodes)+1)
			qs, of = append(qs, q), append(of, i)
		}
	}
	replies, err := k.critic.ask(ctx, qs)
	if err != nil {
		return err
	}
	for n, i := range of {
		c := &chains[i]
		c.usage.Add(replies[n].usage())
		switch r := replies[n]; {
		case r.unasked != "":
			c.why = r.unasked
		case r.nodes[0].Content == "":
			c.why = "a critique is empty"
		default:
			node := r.nodes[0]
			node.Actor = k.critic.seat
			c.nodes = append(c.nodes, node)
			c.q.data.Remarks = append(c.q.data.Remarks[:len(c.q.data.Remarks):len(c.q.data.Remarks)], node.Content)
		}
	}
	return nil
}

// decide asks for the verdict on every chain that did not break off.
func (k critics) decide(ctx context.Context, chains []critiques) ([]float64, []*core.Node, error) {
	values, verdicts := make([]float64, len(chains)), make([]*core.Node, len(chains))
	var qs []question
	var of []int
	for i, c := range chains {
		if c.why == "" {
			qs, of = append(qs, c.q), append(of, i)
		}
	}
	if k.cfg.Probability {
		p, why, err := k.yes(ctx, qs)
		if err != nil {
			return nil, nil, err
		}
		for n, i := range of {
			if values[i], chains[i].why = p[n], why[n]; why[n] == "" {
				chains[i].usage.Calls++
			}
		}
		return values, verdicts, nil
	}
	all, err := k.ask(ctx, qs)
	if err != nil {
		return nil, nil, err
	}
	for n, i := range of {
		f := all[n].of[0]
		chains[i].usage.Add(all[n].usage)
		values[i], chains[i].why, verdicts[i] = truth(f.value), f.why, f.node
	}
	return values, verdicts, nil
}

// rule counts the verdicts of the chains about one attempt.
func (k critics) rule(chains []critiques, values []float64, verdicts []*core.Node) ruling {
	var usage core.Usage
	var read []float64
	var parts []ruling
	why := ""
	for i, c := range chains {
		usage.Add(c.usage)
		if c.why != "" {
			why = c.why
			continue
		}
		read = append(read, values[i])
		last := c.nodes[len(c.nodes)-1].Content
		part := said(values[i], 0, quote(last))
		if part.node = k.cfg.kept(verdicts[i]); part.node != nil {
			part.chain = c.nodes
		}
		parts = append(parts, part)
	}
	if len(read) == 0 {
		return unread(why, usage)
	}
	if len(chains) == 1 {
		parts[0].usage = usage
		return parts[0]
	}
	v := said(stats.Mean(read), 0, fmt.Sprintf("%.2f of %d chains of critiques end in yes (%d without a verdict)", stats.Mean(read), len(read), len(chains)-len(read)))
	v.usage = usage
	for _, p := range parts {
		if p.node != nil {
			v.parts = append(v.parts, p)
		}
	}
	return v
}
