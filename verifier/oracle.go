package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	registry.Verifier("oracle", registry.Doc{
		Summary: "Judges by the exact oracle of the world that made the task.",
		Detail: "Value 1 where the final answer is right; with `steps: true` also every step must be legal. " +
			"Abstains on tasks of no world.",
		Example: "oracle: {steps: true}",
		Needs:   []string{registry.NeedOracle},
	}, newOracle)
}

// OracleConfig configures oracle.
type OracleConfig struct {
	Steps bool `yaml:"steps" default:"false" doc:"Demand that every step is legal, not only that the answer is right."`
}

func newOracle(_ context.Context, _ core.Host, c OracleConfig) (core.Verifier, error) {
	return oracle{c}, nil
}

type oracle struct{ cfg OracleConfig }

// Verify scores each node 1 or 0. The rationale says which step is wrong.
func (o oracle) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("judging by oracle: %w", err)
	}
	var j core.Judgement
	var judge func(string) world.Verdict
	if world.HasOracle(ep.Task) {
		if judge, err = world.Oracle(ep.Task); err != nil {
			return core.Judgement{}, err
		}
	}
	for _, r := range at {
		if err := ctx.Err(); err != nil {
			return core.Judgement{}, err
		}
		if judge == nil {
			j.Scores = append(j.Scores, abstain("oracle", r, "the task is of no world with an oracle"))
			continue
		}
		v := judge(attempt(ep, r))
		s := core.Score{By: "oracle", Nodes: []core.Ref{r}, Value: truth(v.Right), Confidence: 1, Rationale: v.Reason}
		if o.cfg.Steps {
			s.Value = truth(v.Valid)
		}
		if v.FirstWrong > 0 {
			s.Rationale = fmt.Sprintf("step %d: %s", v.FirstWrong, v.Reason)
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}
