package study

import (
	"math/rand/v2"

	"pawl/stats"
	"pawl/stats/calibrate"
)

// Fitted is how well a verifier's values do as probabilities of the answers of
// the split audit, as they are or after a calibrator that was fitted on the gate.
type Fitted struct {
	World    string  `json:"world"` // or "all"
	Verifier string  `json:"verifier"`
	Method   string  `json:"method"`   // of the calibrator; "" is none
	Fit      int     `json:"fit"`      // answers it was fitted on, one a task
	N        int     `json:"n"`        // answers it is measured on, one a task
	Silent   float64 `json:"silent"`   // share of the tasks on which the verifier abstains
	Accuracy float64 `json:"accuracy"` // of the answers

	// Nil where values are no probabilities, or where all answers are right or wrong.
	Width *Ranged `json:"ece_width,omitempty"` // in bins of equal width
	Mass  *Ranged `json:"ece_mass,omitempty"`  // in bins of equal mass
	Brier *Ranged `json:"brier,omitempty"`
	AUROC *Ranged `json:"auroc,omitempty"`
	// Chance is the ECE in bins of equal mass that these very values would have in
	// the mean, were each answer right with the probability stated.
	Chance float64 `json:"chance"`
}

// Ranged is a figure with its 95% interval.
type Ranged struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// methods of calibration; the first is none.
var methods = []string{"", calibrate.Temperature, calibrate.Platt, calibrate.Isotonic, calibrate.Histogram}

// chanceDraws are those of the outcomes by which Chance is found.
const chanceDraws = 100

// fitted is one line for each method that takes such values.
func (c *Calibration) fitted(fit, audit []calibrate.Point) ([]Fitted, error) {
	shares := true
	for _, p := range append(fit[:len(fit):len(fit)], audit...) {
		shares = shares && p.Score >= 0 && p.Score <= 1
	}
	right, hits := make([]bool, len(audit)), 0.0
	for i, p := range audit {
		if right[i] = p.Right; p.Right {
			hits++
		}
	}
	var all []Fitted
	for _, method := range methods {
		if !shares && method == calibrate.Temperature {
			continue
		}
		f := Fitted{Method: method, Fit: len(fit), N: len(audit), Accuracy: hits / float64(len(audit))}
		values := make([]float64, len(audit))
		for i, p := range audit {
			values[i] = p.Score
		}
		if method != "" {
			by, err := calibrate.Fit(method, fit, c.Bins)
			if err != nil {
				return nil, err
			}
			for i := range values {
				values[i] = by.Apply(values[i])
			}
		}
		area := func(p []float64, right []bool) float64 { a, _ := stats.AUROC(p, right); return a }
		if _, ok := stats.AUROC(values, right); ok {
			f.AUROC = c.ranged(values, right, area)
		}
		if shares || method != "" {
			f.Width = c.ranged(values, right, func(p []float64, right []bool) float64 { return stats.ECE(stats.EqualWidth(p, right, c.Bins)) })
			f.Mass = c.ranged(values, right, func(p []float64, right []bool) float64 { return stats.ECE(stats.EqualMass(p, right, c.Bins)) })
			f.Brier = c.ranged(values, right, func(p []float64, right []bool) float64 { return stats.Brier(p, right).Score })
			f.Chance = c.chance(values)
		}
		all = append(all, f)
	}
	return all, nil
}

// ranged is a figure with its bootstrap interval over answers, of which there is
// one a task. Percentiles are taken: a calibration error is 0 or more, and the
// correction of BCa has nothing to correct by at that border.
func (c *Calibration) ranged(p []float64, right []bool, figure func([]float64, []bool) float64) *Ranged {
	x, y := make([]float64, len(p)), make([]bool, len(p))
	i := stats.Bootstrap{Resamples: c.Resamples, Percentile: true, Seed: c.Seed}.Interval(len(p), func(at []int) float64 {
		for k, i := range at {
			x[k], y[k] = p[i], right[i]
		}
		return figure(x[:len(at)], y[:len(at)])
	})
	return &Ranged{figure(p, right), i.Low, i.High}
}

func (c *Calibration) chance(p []float64) float64 {
	draw := rand.New(rand.NewPCG(c.Seed, 0x6368616e6365))
	y, sum := make([]bool, len(p)), 0.0
	for range chanceDraws {
		for i, x := range p {
			y[i] = draw.Float64() < x
		}
		sum += stats.ECE(stats.EqualMass(p, y, c.Bins))
	}
	return sum / chanceDraws
}
