package calibrate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"pawl/stats"
)

// Calibration is all that was learnt of one score on held-out items, in a form
// that is kept with a policy: what a score is worth, and what comes of
// answering above a threshold.
type Calibration struct {
	By         string     `json:"by"` // whose score it is
	Calibrator Calibrator `json:"calibrator"`
	Levels     []Level    `json:"levels"`   // highest first
	Searched   int        `json:"searched"` // items that levels were chosen on
	Tested     int        `json:"tested"`   // other items, that levels are judged by
}

// Level is what came of answering where the score is at least At.
type Level struct {
	At float64 `json:"at"`
	// Among the items that the levels were chosen on: answered, and wrong.
	Searched      int `json:"searched"`
	SearchedWrong int `json:"searched_wrong"`
	// Among those that they are judged by.
	Tested      int `json:"tested"`
	TestedWrong int `json:"tested_wrong"`
}

// Guarantee is a threshold with what it promises: with the stated confidence,
// over the draw of the items it was tested on, at most Risk of what is answered
// is wrong, for tasks like them.
type Guarantee struct {
	Level
	Risk       float64
	Confidence float64
}

// ErrNoThreshold means that no threshold can be shown to keep a risk.
var ErrNoThreshold = errors.New("no threshold is shown to keep the risk")

// mostLevels bounds the thresholds that are looked at.
const mostLevels = 200

// Levels counts what comes of thresholds. They are chosen on search alone, so
// that what is tested is fixed before test is looked at. Points are
// independent of each other: one a task.
func Levels(search, test []Point) []Level {
	scores := make([]float64, len(search))
	for i, p := range search {
		scores[i] = p.Score
	}
	slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
	distinct := slices.Compact(scores)
	n := min(len(distinct), mostLevels)
	levels := make([]Level, n)
	for i := range levels {
		levels[i].At = distinct[(i+1)*len(distinct)/n-1]
	}
	for _, p := range search {
		if l := under(levels, p); l != nil {
			l.Searched, l.SearchedWrong = l.Searched+1, l.SearchedWrong+wrong(p)
		}
	}
	for _, p := range test {
		if l := under(levels, p); l != nil {
			l.Tested, l.TestedWrong = l.Tested+1, l.TestedWrong+wrong(p)
		}
	}
	for i := 1; i < n; i++ { // what a level answers, lower ones answer too
		l, above := &levels[i], levels[i-1]
		l.Searched, l.SearchedWrong = l.Searched+above.Searched, l.SearchedWrong+above.SearchedWrong
		l.Tested, l.TestedWrong = l.Tested+above.Tested, l.TestedWrong+above.TestedWrong
	}
	return levels
}

// under is the highest level that answers p, nil where none does.
func under(levels []Level, p Point) *Level {
	i, _ := slices.BinarySearchFunc(levels, p.Score, func(l Level, x float64) int { return cmp.Compare(x, l.At) })
	if i == len(levels) {
		return nil
	}
	return &levels[i]
}

func wrong(p Point) int {
	if p.Right {
		return 0
	}
	return 1
}

// Threshold finds the lowest threshold that is shown to keep a risk, with a
// confidence: that of Angelopoulos et al., "Learn then Test: Calibrating
// Predictive Algorithms to Achieve Risk Control" (2021), by fixed-sequence
// testing with split data. Each level is a hypothesis, that more than risk of
// what is answered is wrong, and has an exact binomial p-value. Levels are
// tested in the order of their p-values on the items they were chosen on; the
// first that cannot be refuted on the others ends it. A level that breaks the
// risk is then accepted with probability at most 1 - confidence, whatever the
// score is and however few items there are.
func (c Calibration) Threshold(risk, confidence float64) (Guarantee, error) {
	if !(risk > 0 && risk < 1) || !(confidence > 0 && confidence < 1) {
		return Guarantee{}, fmt.Errorf("looking for a threshold: a risk of %v at a confidence of %v; both lie between 0 and 1", risk, confidence)
	}
	type tested struct {
		Level
		p float64 // on the items that levels were chosen on
	}
	order := make([]tested, len(c.Levels))
	for i, l := range c.Levels {
		order[i] = tested{l, stats.AtMost(l.SearchedWrong, l.Searched, risk)}
	}
	slices.SortStableFunc(order, func(a, b tested) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.At, b.At)) // of equally convincing levels the lower answers more
	})
	g := Guarantee{Risk: risk, Confidence: confidence}
	found := false
	for _, l := range order {
		if stats.AtMost(l.TestedWrong, l.Tested, risk) > 1-confidence {
			break
		}
		if !found || l.At < g.At {
			g.Level, found = l.Level, true
		}
	}
	if found {
		return g, nil
	}
	why := "its best scores are wrong too often"
	if need := Needed(risk, confidence); c.Tested < need {
		why = fmt.Sprintf("of none of %d items wrong, %d are needed", c.Tested, need)
	}
	return Guarantee{}, fmt.Errorf("%w of %.3g%% of the answers of %s, at a confidence of %.3g%%: %s; calibrate on more tasks, or allow more",
		ErrNoThreshold, 100*risk, c.By, 100*confidence, why)
}

// Needed is the least number of answers, none of them wrong, that shows a risk
// at a confidence.
func Needed(risk, confidence float64) int {
	return int(math.Ceil(math.Log(1-confidence) / math.Log(1-risk)))
}

// Parse reads a calibration as json.Marshal writes it, and checks it.
func Parse(b []byte) (Calibration, error) {
	var c Calibration
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(&c)
	if err == nil {
		err = c.validate()
	}
	if err != nil {
		return Calibration{}, fmt.Errorf("reading a calibration: %w", err)
	}
	return c, nil
}

func (c Calibration) validate() error {
	if c.By == "" {
		return errors.New(`"by" does not say whose score it is of`)
	}
	if err := c.Calibrator.Validate(); err != nil {
		return err
	}
	sane := func(wrong, n, of int) bool { return 0 <= wrong && wrong <= n && n <= of }
	for i, l := range c.Levels {
		switch {
		case math.IsNaN(l.At) || math.IsInf(l.At, 0) || i > 0 && !(l.At < c.Levels[i-1].At):
			return fmt.Errorf("level %d is at %v; levels go from the highest score down", i, l.At)
		case !sane(l.SearchedWrong, l.Searched, c.Searched) || !sane(l.TestedWrong, l.Tested, c.Tested):
			return fmt.Errorf("level %d counts %d wrong of %d of %d, and %d of %d of %d", i, l.SearchedWrong, l.Searched, c.Searched, l.TestedWrong, l.Tested, c.Tested)
		}
	}
	return nil
}
