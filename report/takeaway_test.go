package report

import (
	"strings"
	"testing"

	"pawl/core"
	"pawl/loop"
)

func TestTakeaway(t *testing.T) {
	over := func(r *loop.Report, name string, d, low, high float64) {
		for i := range r.Gains {
			if r.Gains[i].Over == name {
				r.Gains[i].Difference, r.Gains[i].Low, r.Gains[i].High = d, low, high
			}
		}
	}
	refuse := func(r *loop.Report) {
		for i := range r.Rounds {
			r.Rounds[i].Gate.Outcome = core.NotProven
		}
	}
	for _, c := range []struct {
		name   string
		change func(*loop.Report)
		says   []string
		not    string
	}{
		{"a gain over every control", func(*loop.Report) {},
			[]string{"2,000 sealed tasks", "from 50.2% (48.0 to 52.4%) to 93.1%", "32.0 points (29.8 to 34.2) more than the control “labelled”", "comes from the loop", "also beats “null”, by 38.3 points"}, "proves nothing"},
		{"controls that answer by other rules", func(r *loop.Report) {
			for name, c := range r.Controls {
				c.Changes = []string{"answer"}
				r.Controls[name] = c
			}
			final := r.Audit["final"]
			final.Answered = &loop.Answered{N: 1900, Risk: 0.02, Low: 0.015, High: 0.03}
			r.Audit["final"] = final
		}, []string{"to 93.1%", "by answering 1,900 of them, 2.0% (1.5 to 3.0%) of the answers wrong", "other rules"}, "loop"},
		{"no round has ended", func(r *loop.Report) { r.Rounds, r.Audit = nil, nil },
			[]string{"nothing to conclude"}, "gain"},
		{"nothing to train", func(r *loop.Report) {
			r.Rounds, r.Audit, r.Gains, r.Controls, r.Promoted, r.Stopped = r.Rounds[:1], nil, nil, nil, 0, "others serve it"
			r.Rounds[0].Gate, r.Rounds[0].Kept = core.Verdict{}, 12
		},
			[]string{"nothing here to train", "12 examples selected", "pawl export --rows sft --model run:"}, "gain"},
		{"no rounds to come", func(r *loop.Report) { r.Rounds = nil },
			[]string{"The policy is made", "nothing to prove"}, "gain"},
		{"nothing promoted", refuse,
			[]string{"No gain was proven", "none of 4 candidates", "a true gain of 4.5 points would have been proven"}, "93.1"},
		{"nothing promoted, though a control gained", func(r *loop.Report) { refuse(r); over(r, "labelled", -0.1, -0.12, -0.08) },
			[]string{"No gain was proven", "The control “labelled” reaches more on the sealed tasks (difference −10.0 points (−12.0 to −8.0))"}, "the loop"},
		{"the one candidate was not promoted", func(r *loop.Report) { r.Rounds = r.Rounds[:1]; refuse(r) },
			[]string{"the gate did not promote the one candidate"}, "candidates"},
		{"no audit", func(r *loop.Report) { r.Audit, r.Gains = nil, nil },
			[]string{"promoted 3 of 4 candidates", "no sealed audit"}, "sealed tasks the policy"},
		{"stopped before the audit", func(r *loop.Report) { r.Audit, r.Gains, r.Advantage, r.Promoted = nil, nil, nil, 0 },
			[]string{"promoted 3 of 4 candidates"}, "No gain"},
		{"no controls", func(r *loop.Report) { r.Controls = nil; r.Advantage = &r.Gains[0] },
			[]string{"93.1%", "No control ran", "proves nothing about the method"}, "comes from the loop"},
		{"controls exist but none was audited", func(r *loop.Report) { r.Advantage = &r.Gains[0] },
			[]string{"not compared with a control"}, "comes from the loop"},
		{"the audit denies the gate", func(r *loop.Report) { over(r, "base", 0.01, -0.01, 0.03) },
			[]string{"does not confirm", "1.0 points (−1.0 to 3.0)"}, "labelled"},
		{"worse than before", func(r *loop.Report) { over(r, "base", -0.1, -0.12, -0.08) },
			[]string{"got worse", "Roll it back"}, "labelled"},
		{"training longer does as well", func(r *loop.Report) { over(r, "labelled", 0.01, -0.01, 0.03) },
			[]string{"does about as well (difference 1.0 points (−1.0 to 3.0))", "the loop does not"}, "comes from the loop"},
		{"training longer does better", func(r *loop.Report) { over(r, "labelled", -0.1, -0.12, -0.08) },
			[]string{"did harm"}, "comes from the loop"},
		{"the filter was not needed", func(r *loop.Report) { over(r, "null", 0, -0.01, 0.01) },
			[]string{"does not beat “null”", "not needed"}, "also beats"},
		{"graded scores are no percentages", func(r *loop.Report) {
			r.Audit["final"] = loop.Audit{Accuracy: 6.5, Low: 6.25, High: 6.75, N: 2000}
			over(r, "labelled", 2, 1.5, 2.5)
		}, []string{"from 0.502 (0.480 to 0.524) to 6.50 (6.25 to 6.75)", "2 (1.50 to 2.50) more than"}, "points"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := synthetic()
			c.change(r)
			got := Takeaway(r)
			for _, s := range c.says {
				if !strings.Contains(got, s) {
					t.Errorf("it does not say %q: %s", s, got)
				}
			}
			if strings.Contains(got, c.not) {
				t.Errorf("it says %q: %s", c.not, got)
			}
		})
	}
	if Takeaway(nil) == "" {
		t.Error("nothing is said of no report")
	}
}

func TestFigures(t *testing.T) {
	for got, want := range map[string]string{
		percent(0.94115): "94.1%",
		fixed(-0.04, 1):  "0.0",
		fixed(-1.25, 1):  "−1.2",
		number(12345.6):  "12,346",
		number(-1234):    "−1,234",
		number(2):        "2",
		withUnit("distinct answers", "answers per task"): "distinct answers per task",
		shellWord("/a/b-c_1"):                            "/a/b-c_1",
		shellWord("my runs"):                             "'my runs'",
		shellWord("it's"):                                `'it'\''s'`,
		withUnit("entropy", "bits"):                      "entropy, bits",
		number(0.01234):                                  "0.012",
		count(1_234_567):                                 "1,234,567",
		count(999):                                       "999",
		pValue(2e-36):                                    "2.0e−36",
		pValue(0):                                        "below 1e−300",
		pValue(0.0312):                                   "0.031",
		duration(9.94):                                   "9.9 s",
		duration(125):                                    "2 min 05 s",
		duration(7260):                                   "2 h 01 min",
		outcome("promote"):                               "promoted",
		metric(core.Estimate{Value: 1.5, Low: 1.25, High: 1.75, Unit: "bits"}): "1.50 (1.25 to 1.75) bits",
	} {
		if got != want {
			t.Errorf("%q is not %q", got, want)
		}
	}
}

func TestSpacedLabelsDoNotOverlap(t *testing.T) {
	got := spaced([]float64{50, 52, 51, 200, 198}, 15, 14, 210)
	want := []float64{50, 80, 65, 210, 195}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("labels stand at %v, not at %v", got, want)
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		a    axis
		n    int
		want []float64
	}{
		{axis{lo: 0, hi: 1}, 5, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{axis{lo: 0.4, hi: 1}, 3, []float64{0.4, 0.6, 0.8, 1}},
		{axis{lo: -3, hi: 41}, 4, []float64{0, 20, 40}},
	} {
		got := c.a.ticks(c.n)
		if len(got) != len(c.want) {
			t.Fatalf("%v has the ticks %v, not %v", c.a, got, c.want)
		}
		for i := range got {
			if d := got[i] - c.want[i]; d > 1e-9 || d < -1e-9 {
				t.Errorf("%v has the ticks %v, not %v", c.a, got, c.want)
			}
		}
	}
}
