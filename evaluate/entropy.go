package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("entropy", registry.Doc{
		Summary: "Measures how evenly the attempts at a task spread over different answers.",
		Detail: "Shannon entropy, in bits, of the answers to a task; the mean over tasks. 0 where all attempts agree, log2 " +
			"of their number where no two do. Attempts without an answer do not count. A fall over rounds without a rise in " +
			"accuracy is the sign of collapse.",
		Paper:   "A mathematical theory of communication (Shannon, 1948)",
		Example: "entropy: {}",
	}, newEntropy)
}

// Entropy configures entropy.
type Entropy struct {
	Attempts
	Voting
}

func newEntropy(ctx context.Context, h core.Host, c Entropy) (core.Metric, error) {
	r, err := c.Voting.reader(ctx, h)
	return entropy{c, r}, err
}

type entropy struct {
	Entropy
	read reader
}

// Measure gives one estimate, in bits a task, over the tasks with an answer.
func (m entropy) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := m.tallies(ctx, in, m.read)
	if err != nil {
		return nil, err
	}
	var values []float64
	for _, t := range tasks {
		if stats.Distinct(t.counts) > 0 {
			values = append(values, stats.Entropy(t.counts))
		}
	}
	return spread("entropy", "bits", values), nil
}
