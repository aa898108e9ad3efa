package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("introspection", registry.Doc{
		Summary: "Asks a model several times whether an attempt is right, and judges by how its verdicts agree.",
		Detail: "The seat is asked `times` times, at the temperature of its seat or `temperature`. The value is the share of yes among its verdicts, " +
			"the confidence that of the more frequent one. Verdicts that cannot be read do not count; where fewer than half can be, or the " +
			"more frequent verdict has less than `agree` of them, it abstains: an assessment that does not hold still is none. " +
			"The paper rewards a model's stable self-assessments of which tasks it can do; here the assessment is of an attempt.",
		Paper:   "KnowRL: Teaching Language Models to Know What They Know (Kale and Dhami, 2025)",
		ID:      "S039",
		Example: "introspection: {seat: judge, times: 8}",
	}, newIntrospection)
}

// IntrospectionConfig configures introspection.
type IntrospectionConfig struct {
	Asking
	Prompt      string  `yaml:"prompt" ref:"prompt" default:"verify" doc:"How the seat is asked."`
	Times       int     `yaml:"times" default:"8" min:"1" max:"1000" doc:"How often."`
	Temperature float64 `yaml:"temperature" default:"1" min:"0" max:"5" doc:"Temperature of the verdicts."`
	Agree       float64 `yaml:"agree" default:"0" min:"0" max:"1" doc:"Share of the verdicts that must agree."`
}

func newIntrospection(_ context.Context, h core.Host, c IntrospectionConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Verify
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making introspection: %w", err)
	}
	return attempts{"introspection", "asking again and again whether attempts are right", introspection{c, a}.judge}, nil
}

type introspection struct {
	cfg IntrospectionConfig
	*interviewer
}

func (p introspection) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i] = question{
			data: prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}, about: it.about(), n: max(p.cfg.Times, 1),
			options: core.Options{Temperature: &p.cfg.Temperature},
		}
	}
	replies, err := p.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, r := range replies {
		yes, read := 0, 0
		for _, n := range r.nodes {
			if v, ok := prompt.ParseYesNo(p.asker.Dialect(), n.Content); ok && p.holds(qs[i], n) == nil {
				read++
				yes += int(truth(v))
			}
		}
		share := float64(yes) / float64(max(read, 1))
		agree := max(share, 1-share)
		switch {
		case r.unasked != "":
			rulings[i] = silent(r.unasked)
		case 2*read < len(r.nodes) || read == 0:
			rulings[i] = silent(fmt.Sprintf("only %d of %d verdicts can be read", read, len(r.nodes)))
		case agree < p.cfg.Agree:
			rulings[i] = silent(fmt.Sprintf("only %.2f of its verdicts agree", agree))
		default:
			rulings[i] = said(share, agree, fmt.Sprintf("%d of %d verdicts say yes", yes, read))
		}
		rulings[i].usage = r.usage()
	}
	return rulings, nil
}
