// Package calibrate makes probabilities of scores: it fits calibrators on
// scores of which it is known whether they were right, and finds thresholds
// below which to abstain so that, of what is answered, no more than a stated
// share is wrong.
//
// Everything is fitted on held-out items: those that the scores were not
// tuned on. Nothing here draws random numbers.
package calibrate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Methods of calibration.
const (
	// Temperature divides the log-odds of a score in 0..1 by one number.
	Temperature = "temperature"
	// Platt is a logistic curve over the score, which may be any number.
	Platt = "platt"
	// Isotonic is the best rising curve, linear between the steps it is made of.
	Isotonic = "isotonic"
	// Histogram is the accuracy of bins of as many scores each.
	Histogram = "histogram"
)

// Calibrator gives the probability that what has a score is right. The zero
// value is none; Fit and JSON make one.
type Calibrator struct {
	Method string `json:"method"`
	// The log-odds are slope * x + shift, x being the score (platt) or its
	// log-odds (temperature, where the slope is 1 over the temperature).
	Slope float64 `json:"slope,omitempty"`
	Shift float64 `json:"shift,omitempty"`
	// Of isotonic and histogram, by rising score: points of the curve, or the
	// lower ends of the bins. What lies outside has the value of the nearest.
	Knots []Knot `json:"knots,omitempty"`
}

// Knot is one point of a calibration curve.
type Knot struct {
	Score float64 `json:"score"`
	P     float64 `json:"p"`
}

// Apply is the calibrated probability of a score, in 0..1. All methods but
// histogram keep the order of scores, though isotonic makes some of them equal.
// A score that is not a number gives none.
func (c Calibrator) Apply(score float64) float64 {
	if math.IsNaN(score) {
		return score
	}
	switch c.Method {
	case Temperature:
		return sigmoid(c.Slope * logOdds(score))
	case Platt:
		return sigmoid(c.Slope*score + c.Shift)
	}
	at, exact := slices.BinarySearchFunc(c.Knots, score, func(k Knot, x float64) int { return cmp.Compare(k.Score, x) })
	switch {
	case exact:
		return c.Knots[at].P
	case at == 0:
		return c.Knots[0].P
	case at == len(c.Knots) || c.Method == Histogram:
		return c.Knots[at-1].P
	}
	a, b := c.Knots[at-1], c.Knots[at]
	share := (score - a.Score) / (b.Score - a.Score)
	return min(b.P, a.P+share*(b.P-a.P))
}

// closest is how near to 0 and 1 a probability is taken to be: log-odds of 0 and
// 1 themselves are infinite.
const closest = 1e-6

func logOdds(p float64) float64 {
	p = min(max(p, closest), 1-closest)
	return math.Log(p / (1 - p))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Validate says what is wrong with a calibrator that was not fitted here.
func (c Calibrator) Validate() error {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	switch c.Method {
	case Temperature, Platt:
		if len(c.Knots) > 0 {
			return fmt.Errorf("a calibrator by %s has no knots", c.Method)
		}
		if !finite(c.Slope) || !finite(c.Shift) || c.Method == Temperature && (c.Slope < 0 || c.Shift != 0) {
			return fmt.Errorf("a calibrator by %s with slope %v and shift %v", c.Method, c.Slope, c.Shift)
		}
		return nil
	case Isotonic, Histogram:
	default:
		return fmt.Errorf("no calibration method %q; there are %s, %s, %s and %s", c.Method, Temperature, Platt, Isotonic, Histogram)
	}
	if len(c.Knots) == 0 || c.Slope != 0 || c.Shift != 0 {
		return fmt.Errorf("a calibrator by %s has knots and nothing else", c.Method)
	}
	for i, k := range c.Knots {
		switch {
		case !finite(k.Score) || !(k.P >= 0 && k.P <= 1):
			return fmt.Errorf("knot %d has the score %v and the probability %v", i, k.Score, k.P)
		case i > 0 && !(k.Score > c.Knots[i-1].Score):
			return fmt.Errorf("knot %d has the score %v, which is not above that before it", i, k.Score)
		case i > 0 && c.Method == Isotonic && k.P < c.Knots[i-1].P:
			return fmt.Errorf("knot %d has the probability %v, below that before it", i, k.P)
		}
	}
	return nil
}

// UnmarshalJSON reads what json.Marshal writes, and refuses anything that
// Validate does, or that has keys of its own.
func (c *Calibrator) UnmarshalJSON(b []byte) error {
	type plain Calibrator // without this method
	var p plain
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return fmt.Errorf("reading a calibrator: %w", err)
	}
	if err := Calibrator(p).Validate(); err != nil {
		return fmt.Errorf("reading a calibrator: %w", err)
	}
	*c = Calibrator(p)
	return nil
}
