package loop

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// instant answers at once, always the same.
type instant struct {
	*skills
	version core.Digest
}

func (i instant) Actor(_ context.Context, p core.Policy, _ string, _ core.Options) (core.Actor, error) {
	return instant{version: p.Version()}, nil
}

func (i instant) Act(_ context.Context, r core.Request) ([]core.Node, error) {
	nodes := make([]core.Node, r.N)
	for k := range nodes {
		nodes[k] = core.Node{
			Role: core.RoleAssistant, Content: "#### 0", Finish: "stop", Policy: i.version,
			TokenIDs: []int32{1, 2, 3}, Logprobs: []float32{-1, -1, -1},
		}
	}
	return nodes, nil
}

// BenchmarkLoop is a whole round (sample, verify, select, optimize, gate,
// audit) with an actor that answers at once and a ledger in memory: what is
// left is the loop's own cost. The goal is 20,000 rollouts a second on two
// quiet cores, a rollout being one attempt.
func BenchmarkLoop(b *testing.B) {
	hooked(b, "idle", func(core.Host) core.Optimizer {
		return optimizerFunc(func(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
			for _, err := range in {
				if err != nil {
					return nil, err
				}
			}
			return p.With(core.PartWeights, core.Sum([]byte("1"))), nil
		})
	})
	for _, c := range []struct{ tasks, attempts int }{{10_000, 1}, {1_000, 16}} {
		b.Run(fmt.Sprintf("%dx%d", c.tasks, c.attempts), func(b *testing.B) {
			list := make(coretest.TaskList, c.tasks)
			for i := range list {
				list[i] = coretest.Task("train-"+strconv.Itoa(i), strconv.Itoa(i), "0")
			}
			b.ReportAllocs()
			for range b.N {
				r, s := newRun(b, newLedger(), "n: 5", "n: "+strconv.Itoa(c.attempts), "rounds:  3", "rounds: 1", "take: 20", "take: 0", "metrics: [tokens]", "",
					"verify:  [majority_vote]", "verify: [exact]", "answer:  {by: majority_vote}", "",
					"select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {filter: {by: exact}}", "optimize: {teach: {gain: 0.6}}", "optimize: {hook: {name: idle}}")
				r.Sets["train"], r.Controls, r.Models = list, []string{}, instant{skills: s}
				report, err := r.Do(b.Context())
				if err != nil || report.Rounds[0].Sampled != c.tasks*c.attempts || report.Rounds[0].Kept != c.tasks*c.attempts {
					b.Fatalf("%+v (%v)", report.Rounds, err)
				}
			}
			b.ReportMetric(float64(b.N*c.tasks*c.attempts)/b.Elapsed().Seconds(), "rollouts/s")
		})
	}
}
