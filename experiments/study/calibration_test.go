package study

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"pawl"
	"pawl/stats/calibrate"
)

// sure are points that are right with the chance that their scores would have if
// their log-odds were divided by a temperature.
func sure(n int, temperature float64, seed uint64) []calibrate.Point {
	r := rand.New(rand.NewPCG(seed, 1))
	points := make([]calibrate.Point, n)
	for i := range points {
		x := 4 * r.NormFloat64()
		p := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
		points[i] = calibrate.Point{Score: p(x), Right: r.Float64() < p(x/temperature)}
	}
	return points
}

func smallCalibration() *Calibration {
	return &Calibration{Kind: KindCalibration, Seed: 1, Bins: 15, Resamples: 60, Splits: 200, Confidence: 0.9}
}

// Scores that are three times too sure are mended by every method that can, those
// that are as sure as they should be are as far off as chance has it, and no rising
// calibrator changes their order by more than making some equal.
func TestCalibratorsAreMeasured(t *testing.T) {
	c := smallCalibration()
	fits, err := c.fitted(sure(1500, 3, 1), sure(1500, 3, 2))
	if err != nil || len(fits) != len(methods) {
		t.Fatal(len(fits), err)
	}
	raw := fits[0]
	for _, f := range fits {
		for _, r := range []*Ranged{f.Width, f.Mass, f.Brier, f.AUROC} {
			if r == nil || r.Low > r.Value+0.02 || r.High < r.Value-0.02 || r.Low >= r.High {
				t.Fatalf("%q: %+v", f.Method, r)
			}
		}
		switch f.Method {
		case "":
			if f.Mass.Value < 0.1 || f.Mass.Value < 4*f.Chance {
				t.Errorf("unsound scores have ECE %v, by chance %v", f.Mass.Value, f.Chance)
			}
		case calibrate.Temperature, calibrate.Isotonic, calibrate.Histogram:
			if f.Mass.High > raw.Mass.Low || f.Mass.Value > 3*f.Chance || f.Brier.Value >= raw.Brier.Value {
				t.Errorf("%s leaves ECE %v of %v (by chance %v), Brier %v of %v", f.Method, f.Mass.Value, raw.Mass.Value, f.Chance, f.Brier.Value, raw.Brier.Value)
			}
		}
		if math.Abs(f.AUROC.Value-raw.AUROC.Value) > 0.01 {
			t.Errorf("%q: AUROC %v, %v before", f.Method, f.AUROC.Value, raw.AUROC.Value)
		}
	}
	if fits, err = c.fitted(sure(1500, 1, 3), sure(1500, 1, 4)); err != nil || fits[0].Mass.Value > 2*fits[0].Chance {
		t.Errorf("sound scores have ECE %v, by chance %v (%v)", fits[0].Mass.Value, fits[0].Chance, err)
	}
	// Values that are no probabilities have an order alone, until they are calibrated.
	far := sure(300, 1, 5)
	for i := range far {
		far[i].Score *= -7
	}
	if fits, err = c.fitted(far, far); err != nil || len(fits) != len(methods)-1 || fits[0].Mass != nil || fits[0].AUROC == nil || fits[1].Mass == nil {
		t.Errorf("%d fits of values below 0: %+v (%v)", len(fits), fits[0], err)
	}
}

// A promise is broken no more often than it says, where choosing the best-looking
// threshold breaks it about every second time; and what cannot be promised is not.
func TestPromisesAreKept(t *testing.T) {
	c := smallCalibration()
	kept, err := c.kept(sure(5000, 1, 6))
	if err != nil || len(kept) != len(risks) {
		t.Fatal(kept, err)
	}
	for _, k := range kept[1:] {
		if k.Found < 190 || k.Coverage < 0.2 || float64(k.Broken) > 0.1*float64(c.Splits)+10 || k.Wrong > k.Risk {
			t.Errorf("%+v", k)
		}
		if k.Naive < 40 || k.NaiveCoverage <= k.Coverage {
			t.Errorf("at %v the naive threshold keeps its promise: %+v", k.Risk, k)
		}
		if k.Unseen < k.Broken {
			t.Errorf("a half that is left is no noisier than all of it: %+v", k)
		}
	}
	noise := sure(400, 1, 7)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i].Right = r.IntN(2) == 0
	}
	if kept, err = c.kept(noise); err != nil || kept[0].Found+kept[1].Found+kept[2].Found > 0 || kept[2].Coverage != 0 {
		t.Errorf("scores that tell nothing promise something: %+v (%v)", kept, err)
	}
}

// The page is made of the file, and each of its parts is there.
func TestCalibrationTables(t *testing.T) {
	c := smallCalibration()
	c.Model, c.Tasks, c.Votes = "embedded", 600, 8
	points := map[answered][]calibrate.Point{{"maze", "p_true"}: sure(600, 2, 1), {"chain", "p_true"}: sure(600, 2, 3), {pooled, "p_true"}: sure(600, 2, 1)}
	if err := c.measure(points, points, map[string]int{"maze": 800, "chain": 800, pooled: 800}); err != nil {
		t.Fatal(err)
	}
	if c.Fits[0].World != pooled || c.Fits[0].Silent != 0.25 {
		t.Errorf("the first line is %+v", c.Fits[0])
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	page, err := Render(fstest.MapFS{"c.json": {Data: b}}, []byte("<!-- results: c.json -->\n<!-- end -->\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Worlds: chain, maze; 600 tasks", "| `p_true` | isotonic | 600 |", "| maze | `p_true` | 600 |", "up to 20 of 200 may be broken", "| maze | `p_true` | 10% |", "the most that were broken is"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the page does not say %q:\n%s", part, page)
		}
	}
}

// The model is asked in both splits, and what it said is kept and not asked for
// again.
func TestCalibrationOnNano(t *testing.T) {
	p := open(t)
	o := CalibrationOptions{Worlds: []string{"multiply"}, Tasks: 12, Votes: 3, Seed: 1, Resamples: 5, Splits: 5, Answers: filepath.Join(t.TempDir(), "answers.json")}
	said := 0
	model, err := pawl.ParseModel("embedded")
	if err != nil {
		t.Fatal(err)
	}
	c, err := RunCalibration(t.Context(), p, model, o, func(string) { said++ })
	if err != nil {
		t.Fatal(err)
	}
	if got := c.worlds(); len(got) != 1 || got[0] != "multiply" || len(c.Risks) != 2*len(risks)*(len(voting)+len(judging)) {
		t.Errorf("worlds %v, %d risks", got, len(c.Risks))
	}
	before := said
	again, err := RunCalibration(t.Context(), p, model, o, func(string) { said++ })
	if err != nil || said != before+1 {
		t.Errorf("%d signs of asking again (%v)", said-before, err)
	}
	if a, b := c.Markdown(), again.Markdown(); a != b {
		t.Errorf("the same answers give\n%s\nthen\n%s", a, b)
	}
	o.Worlds = []string{"nowhere"}
	if _, err := RunCalibration(t.Context(), p, model, o, func(string) {}); !pawl.IsInput(err) {
		t.Errorf("a world that is none: %v", err)
	}
}
