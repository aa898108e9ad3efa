package study

import (
	"errors"
	"math/rand/v2"

	"pawl/stats"
	"pawl/stats/calibrate"
)

// Kept is what came of thresholds that promise a risk: how often it was broken,
// and how much was answered. A promise holds with the stated confidence; so out
// of Splits, a share of 1 minus the confidence may break it.
type Kept struct {
	World    string  `json:"world"` // or "all"
	Verifier string  `json:"verifier"`
	Risk     float64 `json:"risk"`
	N        int     `json:"n"`        // answers of both splits, one a task
	Found    int     `json:"found"`    // resamplings in which a threshold could be shown to keep the risk
	Broken   int     `json:"broken"`   // in which more than that was wrong of what it answers, over all N
	Unseen   int     `json:"unseen"`   // in which more was wrong of what it answers in the half that it was not fitted on
	Coverage float64 `json:"coverage"` // share of all N that is answered, in the mean; 0 where there is no threshold
	Wrong    float64 `json:"wrong"`    // share of wrong ones of what is answered over all N, in the mean over Found
	// Naive is how often the lowest threshold of which at most the risk was wrong
	// among the answers it was chosen on breaks it, over all N.
	Naive         int     `json:"naive"`
	NaiveCoverage float64 `json:"naive_coverage"`
}

// risks that are promised.
var risks = []float64{0.01, 0.05, 0.10}

// kept resamples thresholds. Broken is counted on fit sets of N/2 that are drawn
// with replacement: the answers are then a population of which the fit set is an
// independent sample, and the risk of a threshold in it is known, not estimated.
// Unseen is counted on splits without replacement, where the half that is left is
// a sample itself: a threshold that keeps its risk in the population may break it
// there.
func (c *Calibration) kept(all []calibrate.Point) ([]Kept, error) {
	curve := riskCurve(all)
	out := make([]Kept, len(risks))
	for i, r := range risks {
		out[i] = Kept{Risk: r, N: len(all)}
	}
	half := len(all) / 2
	drawn, parted := make([]calibrate.Point, half), append([]calibrate.Point(nil), all...)
	draw := rand.New(rand.NewPCG(c.Seed, 0x7269736b))
	for range c.Splits {
		for i := range drawn {
			drawn[i] = all[draw.IntN(len(all))]
		}
		draw.Shuffle(len(parted), func(i, j int) { parted[i], parted[j] = parted[j], parted[i] })
		naive := riskCurve(drawn)
		levels, split := levelsOf(drawn), levelsOf(parted[:half])
		unseen := riskCurve(parted[half:])
		for i := range out {
			k := &out[i]
			g, err := levels.Threshold(k.Risk, c.Confidence)
			switch {
			case err == nil:
				at := answeredAt(curve, g.At)
				k.Found++
				k.Coverage += at.Share
				k.Wrong += at.Risk
				if at.Risk > k.Risk {
					k.Broken++
				}
			case !errors.Is(err, calibrate.ErrNoThreshold):
				return nil, err
			}
			if g, err := split.Threshold(k.Risk, c.Confidence); err == nil && answeredAt(unseen, g.At).Risk > k.Risk {
				k.Unseen++
			}
			if p, ok := stats.CoverageAt(naive, k.Risk); ok {
				at := answeredAt(curve, p.At)
				k.NaiveCoverage += at.Share
				if at.Risk > k.Risk {
					k.Naive++
				}
			}
		}
	}
	for i := range out {
		k := &out[i]
		k.Coverage /= float64(c.Splits)
		k.NaiveCoverage /= float64(c.Splits)
		if k.Found > 0 {
			k.Wrong /= float64(k.Found)
		}
	}
	return out, nil
}

// levelsOf chooses thresholds on one half and judges them by the other, as the
// optimizer calibrate does.
func levelsOf(points []calibrate.Point) calibrate.Calibration {
	search, test := points[:len(points)/2], points[len(points)/2:]
	return calibrate.Calibration{Levels: calibrate.Levels(search, test), Searched: len(search), Tested: len(test)}
}

func riskCurve(points []calibrate.Point) []stats.Coverage {
	values, right := make([]float64, len(points)), make([]bool, len(points))
	for i, p := range points {
		values[i], right[i] = p.Score, p.Right
	}
	return stats.RiskCoverage(values, right)
}

// answeredAt is what comes of answering where the value is at least at; zero
// where that is nothing.
func answeredAt(curve []stats.Coverage, at float64) (of stats.Coverage) {
	for _, p := range curve {
		if p.At < at {
			break
		}
		of = p
	}
	return of
}
