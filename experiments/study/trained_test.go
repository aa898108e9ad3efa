package study

import (
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pawl"
)

// By hand: two seeds of two tasks.
func TestTrainedIsComparedWithVotes(t *testing.T) {
	half := 0.5
	row := func(name string, auroc *float64, chosen ...float64) pawl.VerifierRow {
		return pawl.VerifierRow{Verifier: name, Chosen: chosen, Tasks: []string{"a", "b"}, AUROC: auroc, Tokens: 4}
	}
	w := TrainedWorld{World: "chain"}
	w.compare([][]pawl.VerifierRow{
		{row("votes", nil, 0, 0.5), row("v", &half, 1, 1), row("majority_vote", nil, 0, 0)},
		{row("votes", nil, 1, 0.5), row("v", &half, 0, 1), row("majority_vote", nil, 0, 1)},
	})
	v := w.Rows[1]
	if w.Rows[0].Over.Value != 0 || w.Rows[0].Accuracy != 0.5 || v.Accuracy != 0.75 || math.Abs(v.Over.Value-0.25) > 1e-12 || *v.AUROC != 0.5 || v.Tokens != 4 || v.Over.Low > v.Over.Value || v.Over.High < v.Over.Value {
		t.Errorf("%+v", w.Rows)
	}
	if text := w.Rows[2]; text.OverText.Value != 0 || math.Abs(v.OverText.Value-0.5) > 1e-12 {
		t.Errorf("beside the majority of texts: %+v, %+v", text, v)
	}
}

func TestTrainedWorldsAreBroughtUpToDate(t *testing.T) {
	at := func(tasks int, worlds ...string) *Trained {
		r := &Trained{Kind: KindTrained}
		for _, w := range worlds {
			r.Worlds = append(r.Worlds, TrainedWorld{World: w, Tasks: tasks})
		}
		return r
	}
	all := at(1, "maze", "edit")
	all.Update(at(2, "maze", "chain"))
	if want := []TrainedWorld{{World: "chain", Tasks: 2}, {World: "edit", Tasks: 1}, {World: "maze", Tasks: 2}}; !reflect.DeepEqual(all.Worlds, want) {
		t.Errorf("%+v", all.Worlds)
	}
	all.Worlds[0].Rows = []TrainedRow{{Verifier: "votes"}}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Render(fstest.MapFS{"trained/result.json": {Data: b}}, []byte("<!-- results: trained/result.json -->\n<!-- end -->"))
	if err != nil || !strings.Contains(string(doc), "| `votes` |") {
		t.Errorf("%s (%v)", doc, err)
	}
}

// The experiment as it is, with little of everything: all verifiers are trained and
// have verdicts, and the truth is at least as good as any.
func TestRunTrained(t *testing.T) {
	set := map[string]string{"tasks.train": "{countdown: {level: 3, dialect: compact, split: train}, take: 24}", "stages[1].verify[0].step_values.completions": "2"}
	for _, lane := range []string{"0].optimize.train_verifier", "1].optimize.train_verifier", "2].optimize.train_verifier", "3].optimize.train"} {
		set["stages[0].updates["+lane+".steps"] = "2"
		set["stages[0].updates["+lane+".batch"] = "4"
	}
	set["stages[1].updates[0].optimize.train_verifier.steps"] = "2"
	p, err := pawl.Open(pawl.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	o := TrainedOptions{Recipe: filepath.Join("..", "trained", "recipe.yaml"), Worlds: []string{"countdown"}, Tasks: 8, Samples: 4, Split: "gate", Seeds: []uint64{1}, Set: set}
	r, err := RunTrained(t.Context(), p, o, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	rows := r.Worlds[0].Rows
	if len(rows) != 1+len(untrained)+len(trained) {
		t.Fatalf("%d rows", len(rows))
	}
	truth := rows[slices.IndexFunc(rows, func(r TrainedRow) bool { return r.Verifier == "oracle" })]
	for _, row := range rows {
		if row.Accuracy > truth.Accuracy || slices.Contains(trained, row.Verifier) && (row.AUROC == nil || row.Tokens <= 0) {
			t.Errorf("%+v", row)
		}
	}
	o.Worlds = []string{"nowhere"}
	if _, err := RunTrained(t.Context(), p, o, func(string) {}); err == nil || !pawl.IsInput(err) {
		t.Errorf("a world that is not there: %v", err)
	}
}
