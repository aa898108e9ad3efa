package verifier

import (
	"context"
	"errors"
	"fmt"
	"math"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Verifier("grade", registry.Doc{
		Summary: "Lets a model grade an attempt by a rubric, from 0 to 5.",
		Detail: "The judge gives its reasons, then the grade; the value is the grade over 5. With `samples` it is asked several times, and `combine` takes " +
			"the mean of the grades, their median, or the most frequent one (of those that tie, the mean). " +
			"With `expected`, nothing is drawn: the value is the mean grade under the probabilities that the seat's model gives the six grades, " +
			"without reasons. With `reference` the judge is shown the reference answer. " +
			"Where samples are kept, each is a score and a node of its own before the ruling, so that good reasons can be told from bad ones. Abstains where no grade can be read.",
		Paper:   "Self-rationalization improves LLM as a fine-grained judge (Trivedi et al., 2024); G-Eval: NLG Evaluation using GPT-4 with Better Human Alignment (Liu et al., 2023)",
		ID:      "S018",
		Example: "grade: {seat: judge, samples: 4}",
	}, newGrade)
}

// GradeConfig configures grade.
type GradeConfig struct {
	Judging
	Prompt      string `yaml:"prompt" ref:"prompt" default:"grade" doc:"How the seat is asked."`
	Rubric      string `yaml:"rubric" doc:"What the grades from 5 to 0 stand for; if not given, those of the prompt."`
	Samples     int    `yaml:"samples" default:"1" min:"1" max:"100" doc:"Grades for each attempt."`
	Combine     string `yaml:"combine" enum:"mean|median|vote" default:"mean" doc:"What is made of several grades."`
	Expected    bool   `yaml:"expected" doc:"Read the expected grade from the model's probabilities in place of asking for one."`
	Reference   bool   `yaml:"reference" doc:"Show the judge the reference answer."`
	ByReference string `yaml:"by_reference" ref:"prompt" default:"grade_by_reference" doc:"How the seat is asked where it sees the reference answer."`
}

// Needs are log-probs and reference answers, where the settings ask for them.
func (c GradeConfig) Needs() (needs []string) {
	if c.Expected {
		needs = append(needs, registry.NeedLogprobs)
	}
	if c.Reference {
		needs = append(needs, registry.NeedReference)
	}
	return needs
}

// Validate refuses samples of what is not drawn.
func (c GradeConfig) Validate() error {
	if c.Expected && c.Samples > 1 {
		return errors.New("grade: with expected, nothing is drawn; leave samples at 1")
	}
	return nil
}

func newGrade(_ context.Context, h core.Host, c GradeConfig) (core.Verifier, error) {
	template := prompt.Grade
	if c.Prompt != "" {
		template = c.Prompt
	}
	if c.Reference {
		if template = prompt.GradeByReference; c.ByReference != "" {
			template = c.ByReference
		}
	}
	p, err := newPanel(h, c.Judging, template, gradeOf)
	if err != nil {
		return nil, fmt.Errorf("making grade: %w", err)
	}
	return attempts{"grade", "grading attempts", grade{c, p}.judge}, nil
}

type grade struct {
	cfg GradeConfig
	panel[int]
}

func (g grade) judge(ctx context.Context, items []item) ([]ruling, error) {
	rulings := make([]ruling, len(items))
	var qs []question
	var of []int
	for i, it := range items {
		d := prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text(), Rubric: g.cfg.Rubric}
		if g.cfg.Reference {
			ref := it.ep.Task.Ref()
			if d.Reference = ref.Answer; d.Reference == "" {
				d.Reference = ref.Solution
			}
			if d.Reference == "" {
				rulings[i] = silent("the task has no reference answer")
				continue
			}
		}
		qs = append(qs, question{data: d, about: it.about(), n: g.cfg.Samples})
		of = append(of, i)
	}
	if g.cfg.Expected {
		return rulings, g.expected(ctx, qs, of, rulings)
	}
	all, err := g.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	for k, i := range of {
		rulings[i] = g.rule(all[k])
	}
	return rulings, nil
}

// rule combines the grades of one attempt.
func (g grade) rule(all findings[int]) ruling {
	var grades []float64
	var parts []ruling
	last := finding[int]{}
	for _, v := range all.of {
		if !v.ok() {
			continue
		}
		last = v
		grades = append(grades, float64(v.value))
		if node := g.cfg.kept(v.node); node != nil && len(all.of) > 1 {
			part := said(float64(v.value)/prompt.TopGrade, 0, quote(v.said()))
			part.node = node
			parts = append(parts, part)
		}
	}
	if len(grades) == 0 {
		return unread(all.why(), all.usage)
	}
	value := combine(g.cfg.Combine, grades)
	r := said(value/prompt.TopGrade, 0, quote(last.said()))
	if len(all.of) == 1 {
		r.node = g.cfg.kept(last.node)
	} else {
		r.score.Rationale = fmt.Sprintf("%s of %d grades: %.2f of %d (%d could not be read)", g.way(), len(grades), value, prompt.TopGrade, len(all.of)-len(grades))
	}
	r.usage, r.parts = all.usage, parts
	return r
}

func (g grade) way() string {
	if g.cfg.Combine == "" {
		return "mean"
	}
	return g.cfg.Combine
}

// combine makes one grade of several: their mean, median or mode. Modes that tie
// give their mean.
func combine(how string, grades []float64) float64 {
	switch how {
	case "median":
		return stats.Median(grades)
	case "vote":
		counts, most := map[float64]int{}, 0
		for _, x := range grades {
			counts[x]++
			most = max(most, counts[x])
		}
		var modes []float64
		for _, x := range grades {
			if counts[x] == most {
				modes = append(modes, x)
				counts[x] = 0
			}
		}
		return stats.Mean(modes)
	}
	return stats.Mean(grades)
}

// expected rules by the mean grade under the model's probabilities of saying
// each: sum of g p(g) over sum of p(g), g from 0 to TopGrade.
func (g grade) expected(ctx context.Context, qs []question, of []int, rulings []ruling) error {
	asked, err := g.render(qs)
	if err != nil {
		return err
	}
	const grades = prompt.TopGrade + 1
	var paths [][]core.Node
	var at []int
	for k, q := range asked {
		if q.unasked != "" {
			rulings[of[k]] = unread(q.unasked, core.Usage{})
			continue
		}
		at = append(at, of[k])
		for n := range grades {
			paths = append(paths, onward(q.path, prompt.SayGrade(g.asker.Dialect(), n)))
		}
	}
	if len(paths) == 0 {
		return nil
	}
	scores, err := scoreAll(ctx, g.seat, g.actor, paths)
	if err != nil {
		return err
	}
	for k, i := range at {
		logps := make([]float64, grades)
		top := math.Inf(-1)
		for n := range logps {
			if scores[grades*k+n] == nil {
				rulings[i] = unread("the question is too long for "+g.seat, core.Usage{})
				logps = nil
				break
			}
			logps[n] = total(scores[grades*k+n])
			top = max(top, logps[n])
		}
		if logps == nil {
			continue
		}
		var mean, mass float64
		for n, l := range logps {
			p := math.Exp(l - top)
			mean, mass = mean+float64(n)*p, mass+p
		}
		rulings[i] = said(mean/mass/prompt.TopGrade, 0, fmt.Sprintf("expected grade %.2f of %d", mean/mass, prompt.TopGrade))
		rulings[i].usage = core.Usage{Calls: 1}
	}
	return nil
}
