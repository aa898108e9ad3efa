package calibrate

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pawl/stats"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

func TestThresholdValues(t *testing.T) {
	var search, test []Point
	for i := range 100 { // 90 good answers at 0.9, ten bad ones at 0.2
		p := Point{0.9, true}
		if i >= 90 {
			p = Point{0.2, false}
		}
		search, test = append(search, p), append(test, p)
	}
	c := Calibration{By: "vote", Levels: Levels(search, test), Searched: 100, Tested: 100}
	if len(c.Levels) != 2 || c.Levels[0] != (Level{0.9, 90, 0, 90, 0}) || c.Levels[1] != (Level{0.2, 100, 10, 100, 10}) {
		t.Fatalf("levels %+v", c.Levels)
	}
	// 0.95^90 is 0.0099: 90 good answers show 5% at a confidence of 99%, not 99.5%.
	g, err := c.Threshold(0.05, 0.99)
	if err != nil || g.At != 0.9 || g.TestedWrong != 0 || g.Risk != 0.05 || g.Confidence != 0.99 {
		t.Errorf("%+v, %v", g, err)
	}
	_, err = c.Threshold(0.05, 0.995)
	if !errors.Is(err, ErrNoThreshold) || !strings.Contains(err.Error(), "of none of 100 items wrong, 104 are needed") {
		t.Error(err)
	}
	// Ten of 100 wrong show that at most 20% are: so all may be answered.
	if g, err := c.Threshold(0.2, 0.95); err != nil || g.At != 0.2 {
		t.Errorf("%+v, %v", g, err)
	}
	if Needed(0.05, 0.95) != 59 || Needed(0.01, 0.95) != 299 {
		t.Errorf("%d and %d answers are needed", Needed(0.05, 0.95), Needed(0.01, 0.95))
	}
	for i := range test {
		test[i].Right = i%2 == 0
	}
	c.Levels = Levels(search, test)
	if _, err = c.Threshold(0.05, 0.95); !errors.Is(err, ErrNoThreshold) || !strings.Contains(err.Error(), "wrong too often") {
		t.Error(err)
	}
	for _, bad := range [][2]float64{{0, 0.9}, {1, 0.9}, {math.NaN(), 0.9}, {0.1, 0}, {0.1, 1}} {
		if _, err := c.Threshold(bad[0], bad[1]); err == nil || errors.Is(err, ErrNoThreshold) {
			t.Errorf("risk and confidence %v: %v", bad, err)
		}
	}
	if _, err := (Calibration{}).Threshold(0.1, 0.9); !errors.Is(err, ErrNoThreshold) {
		t.Error(err)
	}
}

// The guarantee, by 1,000 resamplings: a score uniform in 0..1 with
// P(wrong | score) = 0.8 * (1 - score)^3, so that answering above t is wrong
// with probability 0.2 * (1 - t)^3 exactly. That what is answered breaks the
// stated risk may happen in 5% of the resamplings, and is allowed four standard
// errors more here. The plain choice, the largest coverage whose observed risk
// is small enough, breaks it about every other time.
func TestThresholdsKeepTheStatedRisk(t *testing.T) {
	const resamplings, n, confidence = 1000, 2000, 0.95
	risks := []float64{0.01, 0.05, 0.1}
	broken, plain, found := make([]int, 3), make([]int, 3), make([]int, 3)
	coverage := make([]float64, 3)
	r := source(1)
	draw := func() []Point {
		ps := make([]Point, n)
		for i := range ps {
			s := r.Float64()
			ps[i] = Point{s, r.Float64() >= 0.8*math.Pow(1-s, 3)}
		}
		return ps
	}
	truth := func(at float64) float64 { return 0.2 * math.Pow(1-at, 3) }
	for range resamplings {
		search, test := draw(), draw()
		c := Calibration{By: "x", Levels: Levels(search, test), Searched: n, Tested: n}
		scores, right := make([]float64, n), make([]bool, n)
		for i, p := range test {
			scores[i], right[i] = p.Score, p.Right
		}
		curve := stats.RiskCoverage(scores, right)
		for k, risk := range risks {
			if g, err := c.Threshold(risk, confidence); err == nil {
				found[k]++
				coverage[k] += 1 - g.At
				if truth(g.At) > risk {
					broken[k]++
				}
			}
			if p, ok := stats.CoverageAt(curve, risk); ok && truth(p.At) > risk {
				plain[k]++
			}
		}
	}
	for k, risk := range risks {
		best := 1 - (1 - math.Cbrt(risk/0.2))
		t.Logf("risk %.0f%%: broken in %d of %d resamplings (the plain choice: %d), a threshold found in %d, coverage %.3f of the %.3f there is",
			100*risk, broken[k], resamplings, plain[k], found[k], coverage[k]/float64(max(found[k], 1)), best)
		if most := 0.05*resamplings + 4*math.Sqrt(0.05*0.95*resamplings); float64(broken[k]) > most {
			t.Errorf("risk %v is broken in %d of %d resamplings", risk, broken[k], resamplings)
		}
		if plain[k] < resamplings/5 {
			t.Errorf("risk %v: the plain choice breaks it only %d times; this test shows nothing", risk, plain[k])
		}
	}
	if found[1] < resamplings*9/10 || found[2] < resamplings*9/10 {
		t.Errorf("thresholds were found %v times", found)
	}
}

const valid = `{"by":"vote","calibrator":{"method":"isotonic","knots":[{"score":0.5,"p":0.25},{"score":1,"p":0.75}]},"levels":[{"at":1,"searched":3,"searched_wrong":0,"tested":4,"tested_wrong":1}],"searched":5,"tested":6}`

func TestParseRefuses(t *testing.T) {
	if _, err := Parse([]byte(valid)); err != nil {
		t.Fatal(err)
	}
	for old, c := range map[string][2]string{
		`"by":"vote"`:            {`"by":""`, "does not say whose"},
		`"method":"isotonic"`:    {`"method":"magic"`, `no calibration method "magic"`},
		`"p":0.75`:               {`"p":0.2`, "below that before it"},
		`"score":1,`:             {`"score":0.5,`, "not above that before it"},
		`"p":0.25`:               {`"p":1.25`, "the probability 1.25"},
		`"tested_wrong":1`:       {`"tested_wrong":5`, "counts 0 wrong of 3 of 5, and 5 of 4 of 6"},
		`"searched":5`:           {`"searched":2`, "counts"},
		`"tested":6}`:            {`"tested":6,"more":1}`, "unknown field"},
		`"method":"isotonic",`:   {`"method":"isotonic","slope":1,`, "knots and nothing else"},
		`{"method":"isotonic",`:  {`{"method":"platt",`, "has no knots"},
		`"knots":[{"score":0.5,`: {`"bins":3,"knots":[{"score":0.5,`, "unknown field"},
	} {
		bad := strings.Replace(valid, old, c[0], 1)
		if bad == valid {
			t.Fatalf("nothing to replace: %s", old)
		}
		if _, err := Parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{`{"method":"temperature","slope":-1}`, `{"method":"temperature","slope":1,"shift":1}`, `{"method":"histogram"}`, `3`} {
		var c Calibrator
		if err := json.Unmarshal([]byte(bad), &c); err == nil {
			t.Errorf("%s is well", bad)
		}
	}
}

// FuzzParse: what is read is sound, and comes back as it was.
func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte(`{"by":"a","calibrator":{"method":"platt","slope":-1,"shift":2},"levels":[],"searched":0,"tested":0}`))
	f.Add([]byte(`{"by":"a","calibrator":{"method":"histogram","knots":[{"score":-1e300,"p":1}]},"levels":null,"searched":0,"tested":0}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		for _, x := range []float64{-1e308, -1, 0, 0.3, 1, 1e308} {
			if p := c.Calibrator.Apply(x); !(p >= 0 && p <= 1) {
				t.Fatalf("%s: %v is worth %v", b, x, p)
			}
		}
		if g, err := c.Threshold(0.1, 0.9); err == nil && g.Tested < Needed(0.1, 0.9) {
			t.Fatalf("%s: %d answers show %+v", b, g.Tested, g)
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Parse(again); err != nil || !reflect.DeepEqual(c, d) {
			t.Fatalf("%s comes back as %s: %v", b, again, err)
		}
	})
}
