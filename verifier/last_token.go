package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("last_token", registry.Doc{
		Summary: "Judges an attempt by the probability of an agreed token right after it.",
		Detail: "The value is beta (log P(token | task, attempt) - reference), where the token is read where the attempt ends, after its end token " +
			"where it was sampled with one. A model that was trained so that this equals the verifier's reward, 1 or 0, judges its attempts by one more " +
			"token; one that was not says nothing by it. The reference is the constant that log P was before the training, about -23 for the token " +
			"<|vision_start|> of Qwen2.5 in the paper, with beta 0.1. The value may leave [0, 1] by what the training missed; `clip` cuts it, as the paper does before it votes with it or asks whether it is above 0.5. " +
			"There is no confidence. Let the token be text that answers never hold; where it is several tokens, their probabilities multiply.",
		Paper:   "LaSeR: Reinforcement Learning with Last-Token Self-Rewarding (Yang et al., 2025)",
		ID:      "S046",
		Example: `last_token: {token: " ~", reference: -12.5}`,
		Needs:   []string{registry.NeedLogprobs},
	}, newLastToken)
}

// LastTokenConfig configures last_token.
type LastTokenConfig struct {
	Asking
	Token     string  `yaml:"token" required:"true" doc:"Text of the token, as it would follow the attempt."`
	Beta      float64 `yaml:"beta" default:"0.1" min:"0.000001" doc:"Factor: the KL coefficient that the model was trained with."`
	Reference float64 `yaml:"reference" required:"true" max:"0" doc:"Log-probability that the token had before the training, in the mean over attempts."`
	Clip      bool    `yaml:"clip" default:"false" doc:"Cut the value to between 0 and 1."`
}

func newLastToken(_ context.Context, h core.Host, c LastTokenConfig) (core.Verifier, error) {
	if c.Seat == "" {
		c.Seat = "solver"
	}
	if c.Beta == 0 {
		c.Beta = 0.1
	}
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, fmt.Errorf("making last_token: %w", err)
	}
	return attempts{"last_token", "reading the token after attempts", lastToken{c, actor}.judge}, nil
}

type lastToken struct {
	cfg   LastTokenConfig
	actor core.Actor
}

func (l lastToken) judge(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, len(items))
	for i, it := range items {
		paths[i] = onward(asRead(it, l.cfg.Seat), l.cfg.Token)
	}
	scores, err := scoreAll(ctx, l.cfg.Seat, l.actor, paths)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, list := range scores {
		logp := total(list)
		v := l.cfg.Beta * (logp - l.cfg.Reference)
		switch {
		case list == nil:
			rulings[i] = silent(tooLongFor(l.cfg.Seat))
			continue
		case !finite(v):
			rulings[i] = silent(fmt.Sprintf("the token's log-probability is %v", logp))
			continue
		}
		if l.cfg.Clip {
			v = math.Min(math.Max(v, 0), 1)
		}
		rulings[i] = ruling{
			score: core.Score{Value: v, Rationale: fmt.Sprintf("after it %q has log-probability %.3f, where it had %.3f", l.cfg.Token, logp, l.cfg.Reference)},
			usage: core.Usage{Calls: 1},
		}
	}
	return rulings, nil
}
