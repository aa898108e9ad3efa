package verifier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Verifier("jury", registry.Doc{
		Summary: "Combines the votes of several judges, seats or other verifiers, each weighed by how reliable it is.",
		Detail: "A seat votes by saying whether the attempt is right, a verifier by whether its value is at least `at_least`. Votes add as log-odds, log(a / (1 - a)) of an accuracy a, to the odds of `prior`; " +
			"the value is the probability that the attempt is right if jurors err independently, and the confidence that of the likelier verdict. " +
			"Accuracies are given; or, with `weights: fitted`, estimated from the votes on the attempts at each task alone, without labels, by the one-coin model of Dawid and Skene with a prior of `trust` votes, three quarters of them right; " +
			"or all the same (`equal`: 0.75 each). A few attempts tell little of a juror: `juror_accuracy` fits the same model over all tasks, for figures to give here. " +
			"With `recuse`, a seat has no vote on its own attempts, which takes its preference for them out. An attempt without a vote is abstained on; jurors who do not come to a verdict do not vote. " +
			"What jurors say is not kept.",
		Paper:   "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (Dawid and Skene, 1979); Replacing Judges with Juries (Verga et al., 2024); LLM Evaluators Recognize and Favor Their Own Generations (Panickssery et al., 2024)",
		ID:      "S246",
		Example: "jury: {seats: [one, two, three], weights: fitted}",
	}, newJury)
}

// JuryConfig configures jury.
type JuryConfig struct {
	Seats      []string    `yaml:"seats" ref:"seat" max:"100" doc:"Seats that vote."`
	Of         []core.Spec `yaml:"of" kind:"verifier" max:"100" doc:"Verifiers that vote, after the seats."`
	AtLeast    float64     `yaml:"at_least" default:"0.5" doc:"Smallest value of a verifier that is a vote for an attempt."`
	Weights    string      `yaml:"weights" enum:"equal|given|fitted" default:"equal" doc:"Where the accuracies come from."`
	Accuracies []float64   `yaml:"accuracies" max:"200" doc:"How often each juror is right, seats first, each between 0 and 1."`
	Prior      float64     `yaml:"prior" default:"0.5" min:"0.001" max:"0.999" doc:"Share of attempts that are right, before any vote."`
	Trust      float64     `yaml:"trust" default:"8" min:"0" doc:"Of fitted: how many votes the belief is worth that jurors are right three times in four."`
	Recuse     bool        `yaml:"recuse" doc:"Whether a seat has no vote on attempts of its own."`
	Repair     bool        `yaml:"repair" default:"true" doc:"Whether a reply of a seat that cannot be read is asked for once more."`
	Reask      string      `yaml:"reask" ref:"prompt" default:"repair" doc:"How it is asked for once more."`
	Prompt     string      `yaml:"prompt" ref:"prompt" default:"verify" doc:"How seats are asked."`
}

// Validate refuses a jury of nobody and weights that do not fit.
func (c JuryConfig) Validate() error {
	n := len(c.Seats) + len(c.Of)
	switch {
	case n == 0:
		return errors.New("jury: name who votes, below seats or of")
	case c.Weights == "given" && len(c.Accuracies) != n:
		return fmt.Errorf("jury: %d jurors and %d accuracies; give one for each, seats first", n, len(c.Accuracies))
	case c.Weights != "given" && len(c.Accuracies) > 0:
		return errors.New("jury: accuracies are only used with weights: given")
	}
	for _, a := range c.Accuracies {
		if !(a > 0 && a < 1) {
			return fmt.Errorf("jury: an accuracy of %v; it lies between 0 and 1", a)
		}
	}
	return nil
}

func newJury(ctx context.Context, h core.Host, c JuryConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Prompt == "" {
		c.Prompt = prompt.Verify
	}
	if c.Prior == 0 {
		c.Prior = 0.5
	}
	j := jury{cfg: c}
	for _, seat := range c.Seats {
		p, err := newPanel(h, Judging{Asking: Asking{Seat: seat}, Repair: c.Repair, Reask: c.Reask}, c.Prompt, yesOrNo)
		if err != nil {
			return nil, fmt.Errorf("making jury: %w", err)
		}
		j.seats = append(j.seats, p)
	}
	for _, s := range c.Of {
		in, err := newInner(ctx, h, s)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("making jury: %w", err), closing{of: j.of}.Close())
		}
		j.of = append(j.of, in)
	}
	return closing{groups{"jury", "asking a jury", j.judge}, j.of}, nil
}

type jury struct {
	cfg   JuryConfig
	seats []panel[bool]
	of    []inner
}

// ballot of an episode: the votes on each attempt, by juror, and why there are
// none.
type juryVotes struct {
	refs  []core.Ref
	votes [][]int
	why   string
	usage core.Usage
}

func (j jury) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	all := make([]juryVotes, len(eps))
	for i, ep := range eps {
		all[i] = juryVotes{refs: ep.Leaves()}
		for range all[i].refs {
			row := make([]int, len(j.seats)+len(j.of))
			for k := range row {
				row[k] = stats.Unvoted
			}
			all[i].votes = append(all[i].votes, row)
		}
	}
	for k, p := range j.seats {
		if err := j.poll(ctx, k, p, eps, all); err != nil {
			return nil, err
		}
	}
	for k, in := range j.of {
		js, err := in.all(ctx, eps)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.label, err)
		}
		for i := range eps {
			all[i].usage.Add(js[i].Usage)
			scores := byAttempt(js[i])
			for n, r := range all[i].refs {
				s, ok := scores[r]
				switch {
				case !ok:
				case s.Abstain:
					all[i].why = s.Rationale
				case s.Value >= j.cfg.AtLeast:
					all[i].votes[n][len(j.seats)+k] = 1
				default:
					all[i].votes[n][len(j.seats)+k] = 0
				}
			}
		}
	}
	out := make([]group, len(eps))
	for i := range eps {
		out[i] = j.rule(all[i])
	}
	return out, nil
}

// poll asks one seat about all attempts that it votes on, those of equal words
// once.
func (j jury) poll(ctx context.Context, k int, p panel[bool], eps []*core.Episode, all []juryVotes) error {
	type vote struct {
		ep   int
		text string
	}
	asked := map[vote]int{}
	var qs []question
	voted := func(ep *core.Episode, r core.Ref) bool { return !j.cfg.Recuse || ep.Node(r).Actor != p.seat }
	for i, ep := range eps {
		for _, r := range all[i].refs {
			v := vote{i, attempt(ep, r)}
			if _, ok := asked[v]; ok || !voted(ep, r) {
				continue
			}
			asked[v] = len(qs)
			qs = append(qs, question{data: prompt.Data{Task: ep.Task.Prompt, Attempt: v.text}, about: ep.Task.ID + "/" + v.text})
		}
	}
	found, err := p.ask(ctx, qs)
	if err != nil {
		return err
	}
	for i, ep := range eps {
		for n, r := range all[i].refs {
			if !voted(ep, r) {
				continue
			}
			f := &found[asked[vote{i, attempt(ep, r)}]]
			all[i].usage.Add(f.usage)
			f.usage = core.Usage{} // paid once
			switch x := f.of[0]; {
			case !x.ok():
				all[i].why = x.why
			case x.value:
				all[i].votes[n][k] = 1
			default:
				all[i].votes[n][k] = 0
			}
		}
	}
	return nil
}

// name of juror k.
func (j jury) name(k int) string {
	if k < len(j.seats) {
		return j.seats[k].seat
	}
	return j.of[k-len(j.seats)].label
}

// rule weighs the votes on the attempts at one task.
func (j jury) rule(b juryVotes) group {
	accuracies := j.cfg.Accuracies
	switch j.cfg.Weights {
	case "given":
	case "fitted":
		accuracies, _ = stats.OneCoin(b.votes, j.cfg.Trust)
	default:
		accuracies = make([]float64, len(j.seats)+len(j.of))
		for k := range accuracies {
			accuracies[k] = 0.75
		}
	}
	g := group{rulings: map[core.Ref]ruling{}, usage: b.usage}
	for n, r := range b.refs {
		var says []string
		for k, v := range b.votes[n] {
			if v != stats.Unvoted {
				says = append(says, fmt.Sprintf("%s %s (%.2f)", j.name(k), map[int]string{1: "yes", 0: "no"}[v], accuracies[k]))
			}
		}
		if len(says) == 0 {
			why := b.why
			if why == "" {
				why = "every juror is recused"
			}
			g.rulings[r] = silent("nobody votes: " + why)
			continue
		}
		p := stats.WeighVotes(b.votes[n], accuracies, j.cfg.Prior)
		g.rulings[r] = said(p, math.Max(p, 1-p), strings.Join(says, ", "))
	}
	return g
}
