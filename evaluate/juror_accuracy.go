package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("juror_accuracy", registry.Doc{
		Summary: "Estimates how often each of several judges is right from their votes alone, without labels.",
		Detail: "Fits the one-coin model of Dawid and Skene to whether each verifier's value is at least `at_least`, over the attempts at all tasks. It takes three judges or more, " +
			"who err independently and are more often right than not; judges that share a mistake look better than they are. The figures are what `jury` takes as `accuracies`.",
		Paper:   "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (Dawid and Skene, 1979)",
		Example: "juror_accuracy: {judges: [grade, p_true, checklist]}",
	}, func(_ context.Context, _ core.Host, c JurorAccuracy) (core.Metric, error) { return c, nil })
}

// JurorAccuracy configures and is juror_accuracy.
type JurorAccuracy struct {
	Judges  []string `yaml:"judges" ref:"verifier" required:"true" min:"3" max:"100" doc:"Verifiers that vote."`
	AtLeast float64  `yaml:"at_least" default:"0.5" doc:"Smallest value that is a vote for an attempt."`
	Trust   float64  `yaml:"trust" default:"8" min:"0" doc:"How many votes the belief is worth that a judge is right three times in four."`
	Attempts
}

// Measure gives, of each judge, juror_accuracy_NAME in 0..1, or nothing where
// nobody votes.
func (m JurorAccuracy) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	at := map[string]int{}
	var tasks [][][]int
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for _, r := range m.leaves(ep) {
			row, voted := make([]int, len(m.Judges)), false
			for j, by := range m.Judges {
				row[j] = stats.Unvoted
				if s, ok := ep.ScoreOf(by, r); ok && !s.Abstain {
					row[j], voted = 0, true
					if s.Value >= m.AtLeast {
						row[j] = 1
					}
				}
			}
			if !voted {
				continue
			}
			i, ok := at[ep.Task.ID]
			if !ok {
				i = len(tasks)
				at[ep.Task.ID] = i
				tasks = append(tasks, nil)
			}
			tasks[i] = append(tasks[i], row)
		}
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	fit := func(at []int) []float64 {
		var votes [][]int
		for _, t := range at {
			votes = append(votes, tasks[t]...)
		}
		accuracy, _ := stats.OneCoin(votes, m.Trust)
		return accuracy
	}
	all := make([]int, len(tasks))
	for i := range all {
		all[i] = i
	}
	whole := fit(all)
	// The model is fitted anew to every draw: fewer of them keep that affordable.
	// Equal seeds draw alike, so one fit serves all judges.
	draws := stats.Bootstrap{Resamples: 200, Percentile: true}
	var fits [][]float64
	var out []core.Estimate
	for j, by := range m.Judges {
		k := 0
		i := draws.Interval(len(tasks), func(at []int) float64 {
			if j == 0 {
				fits = append(fits, fit(at))
			}
			k++
			return fits[k-1][j]
		}).Around(whole[j])
		out = append(out, core.Estimate{Name: "juror_accuracy_" + by, Value: whole[j], Low: i.Low, High: i.High, N: len(tasks), Method: "cluster bootstrap"})
	}
	return out, nil
}
