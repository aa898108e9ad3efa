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
	registry.Verifier("follow_up", registry.Doc{
		Summary: "Asks whether each possible answer follows from an attempt's reasoning, and judges by how often that agrees with the attempt's own answer.",
		Detail: "The possible answers are the options of a multiple-choice task, else the different answers of all attempts at it. The seat reads task and " +
			"attempt and says yes or no to each; it should say yes to the attempt's own answer alone. The value is the share of questions " +
			"that it answers so. A seat whose model scores text is asked by its probabilities, another one is asked for a word. " +
			"An attempt without an answer gets 0; where nothing can be read, it abstains. " +
			"The paper judges attempts whose answer is known to be right, so that their own answer is the right one; " +
			"here the truth is not known, and a wrong attempt that holds together gets as much as a right one.",
		Paper:   "Self-Training Meets Consistency: Improving LLMs' Reasoning with Consistency-Driven Rationale Evaluation (Lee et al., 2025)",
		ID:      "S159",
		Example: "follow_up: {seat: solver}",
	}, newFollowUp)
}

// FollowUpConfig configures follow_up.
type FollowUpConfig struct {
	Asking
	Prompt string `yaml:"prompt" ref:"prompt" default:"follow_up" doc:"How the seat is asked."`
	Most   int    `yaml:"most" default:"6" min:"2" max:"26" doc:"Most possible answers that are asked about, the first ones, the attempt's own among them."`
	Extract
}

func newFollowUp(_ context.Context, h core.Host, c FollowUpConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.FollowUp
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making follow_up: %w", err)
	}
	return groups{"follow_up", "asking what follows from attempts", followUp{c, a}.judge}, nil
}

type followUp struct {
	cfg FollowUpConfig
	*interviewer
}

// possible are the answers that an episode's attempts are asked about, and which
// of them is each attempt's own: -1 for none.
func (f followUp) possible(ep *core.Episode) (answers []string, own map[core.Ref]int) {
	own = map[core.Ref]int{}
	opts, _, err := optionsOf(ep.Task)
	if err == nil {
		answers = opts
	}
	for _, r := range ep.Leaves() {
		text := attempt(ep, r)
		own[r] = -1
		if err == nil {
			if letter, _ := opts.read(text); letter != "" {
				own[r] = int(letter[0] - 'A')
			}
			continue
		}
		if a := f.cfg.Answer(text); a != "" {
			if i := slices.Index(answers, a); i >= 0 {
				own[r] = i
			} else {
				own[r] = len(answers)
				answers = append(answers, a)
			}
		}
	}
	return answers, own
}

// followed is one question: about attempt r of episode ep and a possible answer.
type followed struct {
	ep  int
	r   core.Ref
	yes bool // what is consistent
}

func (f followUp) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	all := make([]group, len(eps))
	var qs []question
	var of []followed
	for i, ep := range eps {
		all[i].rulings = map[core.Ref]ruling{}
		answers, own := f.possible(ep)
		for _, r := range ep.Leaves() {
			if own[r] < 0 {
				all[i].rulings[r] = said(0, 0, "gives no answer")
				continue
			}
			for n := range min(len(answers), f.cfg.Most) {
				k := n
				if n == f.cfg.Most-1 && own[r] > n { // without a question about its own answer nothing could be for it
					k = own[r]
				}
				qs = append(qs, question{data: prompt.Data{Task: ep.Task.Prompt, Attempt: attempt(ep, r), Answer: answers[k]}, about: fmt.Sprintf("%s#%d/%d", ep.Task.ID, r, k)})
				of = append(of, followed{i, r, k == own[r]})
			}
		}
	}
	says, why, usage, err := f.verdicts(ctx, qs)
	if err != nil {
		return nil, err
	}
	type tally struct {
		agree, read int
		why         string
	}
	counts := map[followed]*tally{}
	for k, q := range of {
		at := followed{ep: q.ep, r: q.r}
		if counts[at] == nil {
			counts[at] = &tally{}
		}
		c := counts[at]
		all[q.ep].usage.Add(usage[k])
		if why[k] != "" {
			c.why = why[k]
			continue
		}
		c.read++
		if says[k] == q.yes {
			c.agree++
		}
	}
	for at, c := range counts {
		v := silent(c.why)
		if c.read > 0 {
			v = said(float64(c.agree)/float64(c.read), 0, fmt.Sprintf("%d of %d follow-up questions agree with its answer", c.agree, c.read))
		}
		all[at.ep].rulings[at.r] = v
	}
	return all, nil
}

// verdicts are the answers to yes-or-no questions: the likelier one where the
// seat's model scores text, else what it says; why tells that there is none.
func (a *interviewer) verdicts(ctx context.Context, qs []question) (says []bool, why []string, usage []core.Usage, err error) {
	says, usage = make([]bool, len(qs)), make([]core.Usage, len(qs))
	if _, ok := a.actor.(core.Scorer); ok {
		p, why, err := a.yes(ctx, qs)
		for i := range p {
			says[i], usage[i] = p[i] > 0.5, core.Usage{Calls: int(truth(why[i] == ""))}
		}
		return says, why, usage, err
	}
	greedy := 0.0
	for i := range qs {
		qs[i].options.Temperature = &greedy
	}
	replies, err := a.ask(ctx, qs)
	if err != nil {
		return nil, nil, nil, err
	}
	why = make([]string, len(qs))
	for i, r := range replies {
		usage[i], why[i] = r.usage(), r.unasked
		if why[i] != "" {
			continue
		}
		err := a.holds(qs[i], r.nodes[0])
		if err == nil {
			says[i], err = yesOrNo(i, a.asker.Dialect(), r.nodes[0].Content)
		}
		if err != nil {
			why[i] = "the reply holds no verdict: " + err.Error()
		}
	}
	return says, why, usage, nil
}
