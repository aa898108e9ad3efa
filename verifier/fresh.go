package verifier

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/big"

	"pawl/core"
	"pawl/verifier/execution"
)

// maker wraps a task's generator, so that it is called with a seed.
const maker = `

def _made_from(seed):
    import random
    return tuple(generate(random.Random(seed)))
`

// refresh adds cases with inputs that the task's generator makes and outputs of
// its reference solution. Both run in the sandbox, apart from any candidate.
// Inputs depend on the step's seed and the task alone, so that all attempts at
// it meet the same ones.
func (c cases) refresh(ctx context.Context, t core.Task, task *codeTask) error {
	if task.Solution == "" {
		return errors.New("making fresh inputs: the task has a generator and no solution to say what is right")
	}
	h := fnv.New64a()
	h.Write([]byte(t.ID))
	base := new(big.Int).SetUint64(h.Sum64() ^ c.seed)
	seeds := make([]execution.Call, c.cfg.Fresh)
	for i := range seeds {
		n := new(big.Int).Add(base, big.NewInt(int64(i)))
		seeds[i] = execution.Call{
			Args:  execution.Value{Kind: execution.Tuple, Items: []execution.Value{{Kind: execution.Int, Whole: n}}},
			Named: execution.Value{Kind: execution.Dict},
		}
	}
	l := c.cfg.limits()
	made, err := execution.Outcomes(ctx, c.box, execution.Program{Source: task.Generator + maker, Entry: "_made_from"}, seeds, l, l.Time/4)
	if err != nil {
		return err
	}
	var calls []execution.Call
	for _, m := range made {
		if m.Wrong() != "" || m.Value.Kind != execution.Tuple || !m.Value.Sendable() {
			return fmt.Errorf("making fresh inputs: the generator gives no arguments that can be handed over (%s)", m.Wrong())
		}
		calls = append(calls, execution.Call{Args: m.Value, Named: seeds[0].Named})
	}
	right, err := execution.Outcomes(ctx, c.box, task.program(task.Solution), calls, l, l.Time/4)
	if err != nil {
		return err
	}
	for i, a := range right {
		if a.Wrong() != "" {
			return fmt.Errorf("making fresh inputs: the task's solution fails on input %d: %s", i+1, a.Wrong())
		}
		if !a.Value.Sendable() {
			return fmt.Errorf("making fresh inputs: the task's solution answers input %d with a type of its own, which cannot be compared; let it answer with Python's own types", i+1)
		}
		task.cases = append(task.cases, codeCase{call: calls[i], wanted: a.Value, fresh: true})
	}
	return nil
}
