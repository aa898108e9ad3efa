package verifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("checklist", registry.Doc{
		Summary: "Judges an attempt by the share that it meets of a checklist of yes/no questions, written for the task or given.",
		Detail: "`from: task` lets a seat write the questions, once for each task and without seeing an attempt; `from: given` takes those of `questions` for all tasks; " +
			"`from: reference` those that the task's reference has as `checklist`, a list of strings, as RefineBench does. Each question is asked about each attempt by itself. " +
			"A question without a verdict counts for nothing; without any, it abstains. The rationale lists what is not met, for revising. " +
			"Where judgements are kept, the checklist stands in the episode with its ticks, and whoever judges the episode again takes it from there.",
		Paper:   "TICKing All the Boxes: Generated Checklists Improve LLM Evaluation and Generation (Cook et al., 2024); RefineBench: Evaluating Refinement Capability of Language Models via Checklists (Lee et al., 2025)",
		ID:      "S160",
		Example: "checklist: {seat: judge}",
	}, newChecklist)
}

// ChecklistConfig configures checklist.
type ChecklistConfig struct {
	Judging
	From      string   `yaml:"from" enum:"task|given|reference" default:"task" doc:"Where the questions come from."`
	Questions []string `yaml:"questions" max:"100" doc:"The questions, where they are given; yes is good."`
	Most      int      `yaml:"most" default:"8" min:"1" max:"100" doc:"Most questions that are taken of those written, the first."`
	Writer    string   `yaml:"writer" ref:"seat" doc:"Seat that writes the questions; if not given, the one that answers them."`
	Write     string   `yaml:"write" ref:"prompt" default:"write_checklist" doc:"How questions are asked for."`
	Prompt    string   `yaml:"prompt" ref:"prompt" default:"check_item" doc:"How one question is asked about an attempt."`
}

// Needs are reference answers, where the questions stand there.
func (c ChecklistConfig) Needs() []string {
	if c.From == "reference" {
		return []string{registry.NeedReference}
	}
	return nil
}

// Validate refuses questions that would not be asked, and none that should.
func (c ChecklistConfig) Validate() error {
	if (c.From == "given") != (len(c.Questions) > 0) {
		return errors.New("checklist: questions go with from: given, and from: given with questions")
	}
	return nil
}

func newChecklist(_ context.Context, h core.Host, c ChecklistConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Most <= 0 {
		c.Most = 8
	}
	if c.Prompt == "" {
		c.Prompt = prompt.CheckItem
	}
	k := checklist{cfg: c}
	var err error
	if k.answers, err = newPanel(h, c.Judging, c.Prompt, yesOrNo); err != nil {
		return nil, fmt.Errorf("making checklist: %w", err)
	}
	if c.From == "" || c.From == "task" {
		writing := c.Judging
		if c.Writer != "" {
			writing.Seat = c.Writer
		}
		if c.Write == "" {
			c.Write = prompt.WriteChecklist
		}
		if k.questions, err = newPanel(h, writing, c.Write, k.read); err != nil {
			return nil, fmt.Errorf("making checklist: %w", err)
		}
	}
	return attempts{"checklist", "judging attempts by checklists", k.judge}, nil
}

type checklist struct {
	cfg       ChecklistConfig
	answers   panel[bool]
	questions panel[[]string]
}

func (k checklist) read(_ int, dialect, reply string) ([]string, error) {
	list, ok := prompt.ParseQuestions(dialect, reply, k.cfg.Most)
	if !ok {
		return nil, errors.New("it holds no list of questions, one on each line after a dash")
	}
	return list, nil
}

func (k checklist) judge(ctx context.Context, items []item) ([]ruling, error) {
	lists, err := k.lists(ctx, items)
	if err != nil {
		return nil, err
	}
	rulings, err := held(ctx, "checklist", k.answers, k.cfg.Judging, items, func(it item) []string { return lists[it.in].list })
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	for i, it := range items {
		l := lists[it.in]
		if len(l.list) == 0 {
			rulings[i] = unread(l.why, core.Usage{})
		}
		if !seen[it.in] { // its writing is paid for once
			seen[it.in] = true
			rulings[i].usage.Add(l.usage)
		}
	}
	return rulings, nil
}

// questionnaire is the checklist of one episode, or why there is none.
type questionnaire struct {
	list  []string
	why   string
	usage core.Usage
}

// lists finds the checklist of every episode; those that are to be written are
// asked for together, once a task.
func (k checklist) lists(ctx context.Context, items []item) (map[int]questionnaire, error) {
	lists := map[int]questionnaire{}
	var qs []question
	var of []int
	for _, it := range items {
		ep := it.ep
		if _, ok := lists[it.in]; ok {
			continue
		}
		switch {
		case k.cfg.From == "given":
			lists[it.in] = questionnaire{list: k.cfg.Questions}
		case k.cfg.From == "reference":
			var ref struct{ Checklist []string }
			if err := decodeReference(ep.Task, &ref); err != nil {
				return nil, err
			}
			lists[it.in] = questionnaire{list: ref.Checklist, why: "the task's reference has no checklist"}
		default:
			lists[it.in] = questionnaire{list: k.written(ep)}
			if lists[it.in].list == nil {
				qs = append(qs, question{data: prompt.Data{Task: ep.Task.Prompt}, about: ep.Task.ID})
				of = append(of, it.in)
			}
		}
	}
	if len(qs) == 0 {
		return lists, nil
	}
	all, err := k.questions.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	for i, in := range of {
		f := all[i].of[0]
		lists[in] = questionnaire{f.value, "no checklist: " + f.why, all[i].usage}
	}
	return lists, nil
}

// written is the checklist that stands in the episode from an earlier judgement
// by the same seat, nil where there is none.
func (k checklist) written(ep *core.Episode) []string {
	for _, n := range ep.Nodes {
		var t ticks
		if n.Actor != k.answers.seat || !strings.HasPrefix(n.Content, "- [") || len(n.Data) == 0 {
			continue
		}
		if json.Unmarshal(n.Data, &t) == nil && t.By == "checklist" && len(t.Criteria) > 0 && len(t.Criteria) == len(t.Met) && len(t.Criteria) <= k.cfg.Most {
			return t.Criteria
		}
	}
	return nil
}
