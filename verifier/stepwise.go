package verifier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/stats"
	"pawl/world"
)

func init() {
	registry.Verifier("stepwise", registry.Doc{
		Summary: "Lets a model judge an attempt step by step: where the first wrong step is, or of each step whether it is right.",
		Detail: "Steps are the nodes that the attempt is made of where there are several; else, in the compact dialect, those of the task's world; else its lines. " +
			"`ask: first` asks once for the number of the first wrong step: those before it are worth 1, it and all after it 0. `ask: each` asks about every step, " +
			"given those before it; with `probability` a step is worth the probability of yes. `value` makes one figure of the steps: the least (an attempt is as good as its weakest step), " +
			"their mean, their product or the last. Steps that are nodes get scores of their own where whole episodes are judged. " +
			"The paper compares alternative steps two by two; `compare` does that to steps that are leaves.",
		Paper:   "Process-based Self-Rewarding Language Models (Zhang et al., 2025); Let's Verify Step by Step (Lightman et al., 2023)",
		ID:      "S111",
		Example: "stepwise: {seat: judge, ask: each}",
	}, newStepwise)
}

// StepwiseConfig configures stepwise.
type StepwiseConfig struct {
	Judging
	Ask         string `yaml:"ask" enum:"first|each" default:"first" doc:"Ask for the first wrong step, or about each step."`
	Value       string `yaml:"value" enum:"least|mean|product|last" default:"least" doc:"What is made of the steps' values."`
	Probability bool   `yaml:"probability" doc:"With ask: each, read P(yes) from the model's probabilities in place of asking for a word."`
	Prompt      string `yaml:"prompt" ref:"prompt" default:"locate" doc:"How the first wrong step is asked for."`
	StepPrompt  string `yaml:"step_prompt" ref:"prompt" default:"check_step" doc:"How one step is asked about."`
}

// Needs are log-probs where probabilities are read.
func (c StepwiseConfig) Needs() []string {
	if c.Probability {
		return []string{registry.NeedLogprobs}
	}
	return nil
}

// Validate refuses probabilities of what has none.
func (c StepwiseConfig) Validate() error {
	if c.Probability && c.Ask != "each" {
		return fmt.Errorf("stepwise: probability is of yes and no; set ask: each")
	}
	return nil
}

func newStepwise(_ context.Context, h core.Host, c StepwiseConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := stepwise{cfg: c}
	var err error
	if c.Ask == "each" {
		if c.StepPrompt == "" {
			c.StepPrompt = prompt.CheckStep
		}
		s.each, err = newPanel(h, c.Judging, c.StepPrompt, yesOrNo)
	} else {
		if c.Prompt == "" {
			c.Prompt = prompt.Locate
		}
		s.first, err = newPanel[int](h, c.Judging, c.Prompt, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("making stepwise: %w", err)
	}
	return attempts{"stepwise", "judging attempts step by step", s.judge}, nil
}

type stepwise struct {
	cfg   StepwiseConfig
	first panel[int] // without a reader: how many steps there are differs
	each  panel[bool]
}

// cut is an attempt in steps, and the nodes that they are, if they are.
type cut struct {
	steps []string
	nodes []core.Ref
}

// cutSteps cuts an attempt; joined, the steps are its text. An attempt that says
// nothing has no step.
func cutSteps(it item, dialect string) cut {
	var c cut
	for r := it.at; r > it.ep.Root(); r = it.ep.Node(r).Parent {
		if len(c.nodes) > 0 && it.ep.Node(r).Role != core.RoleAssistant {
			break
		}
		c.nodes = append([]core.Ref{r}, c.nodes...)
		c.steps = append([]string{it.ep.Node(r).Content}, c.steps...)
	}
	if len(c.nodes) > 1 {
		for i := range c.steps[:len(c.steps)-1] {
			if dialect == prompt.Chat && !strings.HasSuffix(c.steps[i], "\n") {
				c.steps[i] += "\n"
			}
		}
		return c
	}
	text := it.text()
	if dialect == prompt.Compact {
		if rules, ok := world.RulesOf(it.ep.Task.Ref().World); ok && rules.Steps != nil {
			return cut{steps: rules.Steps(text)}
		}
	}
	c = cut{}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" && len(c.steps) > 0 {
			c.steps[len(c.steps)-1] += line // blank lines belong to the step before
			continue
		}
		c.steps = append(c.steps, line)
	}
	if strings.TrimSpace(text) == "" {
		return cut{}
	}
	return c
}

func (s stepwise) judge(ctx context.Context, items []item) ([]ruling, error) {
	dialect := s.first.dialect() + s.each.dialect() // one of them is there
	cuts := make([]cut, len(items))
	rulings := make([]ruling, len(items))
	for i, it := range items {
		if cuts[i] = cutSteps(it, dialect); len(cuts[i].steps) == 0 {
			rulings[i] = said(0, 0, "says nothing")
		}
	}
	if s.cfg.Ask == "each" {
		return rulings, s.askEach(ctx, items, cuts, rulings)
	}
	return rulings, s.askFirst(ctx, items, cuts, rulings)
}

// dialect of the seat, "" of a panel that was not made.
func (p panel[T]) dialect() string {
	if p.interviewer == nil {
		return ""
	}
	return p.asker.Dialect()
}

// shown are steps as a chat prompt lists them, a line each.
func shown(steps []string, dialect string) []string {
	if dialect == prompt.Compact {
		return steps
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = strings.TrimRight(s, " \t\r\n")
	}
	return out
}

// locating asks for the first wrong step of an attempt.
func locating(it item, c cut, dialect string) question {
	return question{data: prompt.Data{Task: it.ep.Task.Prompt, Steps: shown(c.steps, dialect)}, about: it.about()}
}

// stepOf reads the number of the first wrong of n steps, 0 for none.
func stepOf(dialect, reply string, n int) (int, error) {
	step, ok := prompt.ParseStep(dialect, reply, n)
	if !ok {
		return 0, fmt.Errorf("its last line is not #### and the number of a step, from 1 to %d, or 0", n)
	}
	return step, nil
}

func (s stepwise) askFirst(ctx context.Context, items []item, cuts []cut, rulings []ruling) error {
	var qs []question
	var of []int
	for i, it := range items {
		if len(cuts[i].steps) > 0 {
			qs = append(qs, locating(it, cuts[i], s.first.dialect()))
			of = append(of, i)
		}
	}
	p := s.first
	p.read = func(q int, dialect, reply string) (int, error) { return stepOf(dialect, reply, len(cuts[of[q]].steps)) }
	all, err := p.ask(ctx, qs)
	if err != nil {
		return err
	}
	for q, i := range of {
		f := all[q].of[0]
		if !f.ok() {
			rulings[i] = unread(f.why, all[q].usage)
			continue
		}
		values := make([]float64, len(cuts[i].steps))
		for k := range values {
			values[k] = truth(f.value == 0 || k+1 < f.value)
		}
		rulings[i] = s.rule(cuts[i], values, all[q].usage)
		rulings[i].node = s.cfg.kept(f.node)
	}
	return nil
}

// askEach asks about every step given those before it. Attempts that begin
// alike are asked about once as far as they do.
func (s stepwise) askEach(ctx context.Context, items []item, cuts []cut, rulings []ruling) error {
	type prefix struct {
		in   int
		text string
	}
	asked := map[prefix]int{}
	var qs []question
	at := func(i, k int) prefix { return prefix{items[i].in, strings.Join(cuts[i].steps[:k+1], "\x00")} }
	for i, it := range items {
		for k := range cuts[i].steps {
			if _, ok := asked[at(i, k)]; ok {
				continue
			}
			asked[at(i, k)] = len(qs)
			qs = append(qs, question{
				data:  prompt.Data{Task: it.ep.Task.Prompt, Steps: shown(cuts[i].steps[:k+1], s.each.dialect()), Step: k + 1},
				about: it.ep.Task.ID + "/" + at(i, k).text,
			})
		}
	}
	values, why, usage, err := s.weigh(ctx, qs)
	if err != nil {
		return err
	}
	for i := range items {
		if len(cuts[i].steps) == 0 {
			continue
		}
		steps, missing := make([]float64, len(cuts[i].steps)), ""
		var spent core.Usage
		for k := range steps {
			q := asked[at(i, k)]
			spent.Add(usage[q])
			usage[q] = core.Usage{} // paid once
			if steps[k] = values[q]; why[q] != "" {
				missing = fmt.Sprintf("step %d: %s", k+1, why[q])
			}
		}
		if missing != "" {
			rulings[i] = unread(missing, spent)
			continue
		}
		rulings[i] = s.rule(cuts[i], steps, spent)
	}
	return nil
}

// weigh gives each question's value, or why there is none.
func (s stepwise) weigh(ctx context.Context, qs []question) (values []float64, why []string, usage []core.Usage, err error) {
	usage = make([]core.Usage, len(qs))
	if s.cfg.Probability {
		if values, why, err = s.each.yes(ctx, qs); err != nil {
			return nil, nil, nil, err
		}
		for i := range qs {
			if why[i] == "" {
				usage[i].Calls = 1
			}
		}
		return values, why, usage, nil
	}
	all, err := s.each.ask(ctx, qs)
	if err != nil {
		return nil, nil, nil, err
	}
	values, why = make([]float64, len(qs)), make([]string, len(qs))
	for i, found := range all {
		f := found.of[0]
		values[i], why[i], usage[i] = truth(f.value), f.why, found.usage
	}
	return values, why, usage, nil
}

// rule makes one ruling of the steps' values; the rationale names the first that
// is more likely wrong than right.
func (s stepwise) rule(c cut, values []float64, usage core.Usage) ruling {
	says := fmt.Sprintf("none of %d steps is wrong", len(values))
	for k, v := range values {
		if v < 0.5 {
			says = fmt.Sprintf("step %d of %d is the first that is wrong: %s", k+1, len(values), quote(c.steps[k]))
			break
		}
	}
	r := said(combined(s.cfg.Value, values), 0, says)
	r.usage = usage
	r.of = c.onNodes(values)
	return r
}

// combined is one figure of the values of steps, of which there is at least one;
// the least where no other is named.
func combined(how string, values []float64) float64 {
	switch how {
	case "mean":
		return stats.Mean(values)
	case "last":
		return values[len(values)-1]
	case "product":
		p := 1.0
		for _, v := range values {
			p *= v
		}
		return p
	}
	return slices.Min(values)
}
