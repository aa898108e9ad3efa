package optimizer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Optimizer("train_verifier", registry.Doc{
		Summary: "Trains a reward head on judged attempts, with the trunk under it or alone.",
		Detail: "The head is a linear map from the last hidden state of an attempt to one number, from which the verifier `reward_model` " +
			"reads how likely the attempt is right. With `loss: outcome` it learns the labels of the examples, 1 for right and 0 for wrong, by " +
			"cross-entropy, where the paper has squared errors. " +
			"`level` says what is valued. `outcome` is the end of an attempt; `token` is every token of it, with the label of the whole, which the paper " +
			"found to learn better; with `lm` the model also learns to write the attempts of labels above 0.5, as the paper's learns to write solutions. " +
			"`step` makes a process verifier: the end of every step has a label of its own, of the selector `steps` (Math-Shepherd, Wang et al., 2023). " +
			"`task` values the task before anything is written: the head learns which share of the attempts at it is right, P(IK), for `p_ik: {head: true}` " +
			"(Language Models (Mostly) Know What They Know, Kadavath et al., 2022). " +
			"With `loss: pairwise` it learns that the attempt of the higher label at a task is better (Bradley-Terry; Training language models to " +
			"follow instructions with human feedback, Ouyang et al., 2022): examples of several attempts are compared within themselves, " +
			"those of one attempt with the others at the same task; a batch then counts tasks. " +
			"The selector `filter` with `at_least: 0` gives right and wrong attempts alike, their scores as labels. " +
			"Unless `alone`, the weights change too, and the policy no longer answers as it did: then give the verifier a policy of its own. " +
			"A head that the policy has is trained further. V-STaR (Hosseini et al., 2024), the verifier of which is a generator trained by DPO " +
			"on right and wrong attempts, needs no head: that is `train` with `dpo`, and `likelihood`.",
		Paper:   "Training Verifiers to Solve Math Word Problems (Cobbe et al., 2021)",
		Example: "train_verifier: {loss: outcome, steps: 500, rate: 1e-3}",
		Needs:   []string{registry.NeedEmbedded},
	}, newTrainVerifier)
}

// TrainVerifier configures train_verifier.
type TrainVerifier struct {
	Loss  core.Spec `yaml:"loss" kind:"objective" default:"outcome" doc:"What the head learns: outcome, how likely each attempt is right, or pairwise, which of two is better."`
	Level string    `yaml:"level" enum:"outcome|token|step|task" default:"outcome" doc:"What of an attempt is valued: its end, every token, the end of every step, or the task before it."`
	LM    float64   `yaml:"lm" default:"0" min:"0" doc:"Weight of language modelling on the right attempts, beside the loss of the head."`
	Steps int       `yaml:"steps" default:"1000" min:"1" doc:"Optimizer steps."`
	Alone bool      `yaml:"alone" default:"false" doc:"Train nothing but the head."`
	Settings
	Accumulate int   `yaml:"accumulate" default:"1" min:"1" doc:"Parts in which a step's batch is computed; their gradients add up."`
	LoRA       *LoRA `yaml:"lora" doc:"Low-rank adapters to train beside the head, in place of all weights."`
}

// Validate says which settings do not go together.
func (c TrainVerifier) Validate() error {
	switch {
	case c.Alone && c.LoRA != nil:
		return errors.New("with alone: true no adapters learn; leave lora out")
	case c.Alone && c.LM > 0:
		return errors.New("with alone: true nothing learns language modelling; leave lm out")
	case c.Level == levelTask && c.LM > 0:
		return errors.New("level: task sees no attempt, so it can learn none; leave lm out")
	}
	return nil
}

func newTrainVerifier(ctx context.Context, h core.Host, c TrainVerifier) (core.Optimizer, error) {
	built, err := h.Build(ctx, c.Loss)
	if err != nil {
		return nil, fmt.Errorf("building the loss of train_verifier: %w", err)
	}
	loss, ok := built.(core.ValueLoss)
	if !ok {
		return nil, fmt.Errorf("building train_verifier: %s is not a loss of a reward head; outcome and pairwise are", c.Loss.Label())
	}
	if c.Level == "" {
		c.Level = levelOutcome
	}
	if loss.Pairs && c.Level != levelOutcome {
		return nil, fmt.Errorf("building train_verifier: %s compares whole attempts; with it the level is outcome, not %s", c.Loss.Label(), c.Level)
	}
	return &trainVerifier{h, c, loss}, nil
}

type trainVerifier struct {
	host   core.Host
	config TrainVerifier
	loss   core.ValueLoss
}

// Optimize returns p with a reward head. Examples from which nothing can be told
// apart are an error.
func (t *trainVerifier) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	c := &t.config
	rows, err := encodeBy(ctx, t.host, p, in, valued(c.Level, c.LM > 0))
	if err != nil {
		return nil, err
	}
	if t.loss.Pairs {
		rows, err = paired(rows)
	} else {
		err = outcomes(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("training a verifier: %w", err)
	}
	return fit(ctx, t.host, p, rows, job{
		Settings: c.Settings, steps: c.Steps, accumulate: c.Accumulate, lora: c.LoRA, head: &head{alone: c.Alone, loss: t.loss, lm: c.LM},
	})
}

// outcomes checks that labels are probabilities, and not all the same.
func outcomes(rows []row) error {
	for _, r := range rows {
		for _, p := range r.points {
			if !(p.target >= 0 && p.target <= 1) {
				return fmt.Errorf("an attempt at task %s has the label %v; loss: outcome needs 0 to 1, loss: pairwise takes any", r.task, p.target)
			}
		}
	}
	if alike(rows) {
		return fmt.Errorf("all %d attempts have the label %v; it needs right and wrong ones, as of filter with at_least: 0", len(rows), rows[0].label)
	}
	return nil
}

// alike tells whether all rows have one label, their points included.
func alike(rows []row) bool {
	return !slices.ContainsFunc(rows, func(r row) bool {
		return r.label != rows[0].label || slices.ContainsFunc(r.points, func(p point) bool { return p.target != rows[0].label })
	})
}

// paired puts examples of one row together by task, where a task first turns up,
// and leaves out those that no pair can be made of. Longer examples stay as they
// are: their labels may mean nothing beside those of others.
func paired(rows []row) ([]row, error) {
	starts := exampleStarts(rows)
	var groups [][]row
	of := map[string]int{} // group of a task's single rows
	for k, from := range starts {
		to := len(rows)
		if k+1 < len(starts) {
			to = starts[k+1]
		}
		part := rows[from:to]
		at, known := of[part[0].task]
		switch {
		case len(part) > 1:
			groups = append(groups, part)
		case known:
			groups[at] = append(groups[at], part[0])
		default:
			of[part[0].task] = len(groups)
			groups = append(groups, []row{part[0]})
		}
	}
	var out []row
	for _, g := range groups {
		if alike(g) {
			continue
		}
		for i, r := range g {
			r.first = i == 0
			out = append(out, r)
		}
	}
	if out == nil {
		return nil, errors.New("no task has attempts of unlike labels; loss: pairwise needs better and worse ones of the same task: sample more, or take loss: outcome")
	}
	return out, nil
}
