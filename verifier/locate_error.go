package verifier

import (
	"context"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("locate_error", registry.Doc{
		Summary: "Asks a critic several times for the first wrong step of an attempt, and takes the place that most replies name.",
		Detail: "An attempt without a wrong step is worth 1; else it is worth the share of steps before the first wrong one, which the rationale names. " +
			"Of places that are named equally often the earliest counts, and none is the last of all: a mistake that is seen weighs more than one that is overlooked. " +
			"The confidence is the share of the replies that name the place, of those that could be read; of one reply there is none. It is agreement, not calibrated. " +
			"Steps are cut as `stepwise` cuts them, whose `ask: first` with `value: mean` this is with more than one reply; those that are nodes get scores of their own where whole episodes are judged. " +
			"Models are poor at it: the best that the first paper asks is right in about half of the traces. Critic-CoT trains the critic, which this does not; it too throws away attempts with a step that is called wrong.",
		Paper:   "LLMs cannot find reasoning errors, but can correct them! (Tyen et al., 2023); Critic-CoT: Boosting the reasoning abilities of large language model via Chain-of-thoughts Critic (Zheng et al., 2024)",
		ID:      "S149",
		Example: "locate_error: {seat: judge, samples: 5}",
	}, newLocateError)
}

// LocateErrorConfig configures locate_error.
type LocateErrorConfig struct {
	Judging
	Samples int    `yaml:"samples" default:"3" min:"1" max:"1024" doc:"Replies asked for about each attempt."`
	Prompt  string `yaml:"prompt" ref:"prompt" default:"locate" doc:"How the first wrong step is asked for."`
}

func newLocateError(_ context.Context, h core.Host, c LocateErrorConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Locate
	}
	if c.Samples <= 0 {
		c.Samples = 3
	}
	p, err := newPanel[int](h, c.Judging, c.Prompt, nil)
	if err != nil {
		return nil, fmt.Errorf("making locate_error: %w", err)
	}
	return attempts{"locate_error", "asking where attempts go wrong", locateError{c, p}.judge}, nil
}

type locateError struct {
	cfg    LocateErrorConfig
	critic panel[int] // without a reader: how many steps there are differs
}

func (l locateError) judge(ctx context.Context, items []item) ([]ruling, error) {
	cuts := make([]cut, len(items))
	rulings := make([]ruling, len(items))
	var qs []question
	var of []int
	for i, it := range items {
		if cuts[i] = cutSteps(it, l.critic.dialect()); len(cuts[i].steps) == 0 {
			rulings[i] = said(0, 0, "says nothing")
			continue
		}
		q := locating(it, cuts[i], l.critic.dialect())
		q.n = l.cfg.Samples
		qs, of = append(qs, q), append(of, i)
	}
	p := l.critic
	p.read = func(q int, dialect, reply string) (int, error) { return stepOf(dialect, reply, len(cuts[of[q]].steps)) }
	all, err := p.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	for q, i := range of {
		rulings[i] = l.rule(cuts[i], all[q])
	}
	return rulings, nil
}

// rule takes the place that most replies name. The reply that is kept is the
// first that names it.
func (l locateError) rule(c cut, found findings[int]) ruling {
	places := found.all()
	if len(places) == 0 {
		return unread(found.why(), found.usage)
	}
	votes := make([]int, len(c.steps)+1) // by step; 0 is none
	for _, step := range places {
		votes[step]++
	}
	most := slices.Max(votes)
	place := 0
	if i := slices.Index(votes[1:], most); i >= 0 {
		place = i + 1
	}
	why := fmt.Sprintf("%d of %d replies say so", most, len(places))
	r := passed(c)
	if place > 0 {
		r = errorAt(c, place, why)
	} else {
		r.score.Rationale += " (" + why + ")"
	}
	if len(places) > 1 {
		r.score.Confidence = float64(most) / float64(len(places))
	}
	for _, f := range found.of {
		if f.ok() && f.value == place {
			r.node = l.cfg.kept(f.node)
			break
		}
	}
	r.usage = found.usage
	return r
}
