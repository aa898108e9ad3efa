package loop

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// What is learnt from, and what is not there, proves nothing.
func TestCheckSets(t *testing.T) {
	const labelled = "controls:\n  labelled: {solver: {select: {demonstrations: {tasks: "
	for _, c := range []struct {
		name   string
		change []string // of the recipe
		sets   map[string]core.TaskSource
		want   string // "" for no error
	}{
		{name: "sets that share nothing"},
		{name: "gate within train", sets: map[string]core.TaskSource{"gate": numbers("train")[7:9]}, want: `task "train-7" of train has the prompt of one of gate`},
		{name: "gate within labelled, which a control learns from", sets: map[string]core.TaskSource{"gate": numbers("labelled")}, want: "of labelled has the prompt of one of gate"},
		{name: "gate within audit, spelt otherwise", sets: map[string]core.TaskSource{"gate": coretest.TaskList{coretest.Task("x", " 4005\n", "")}}, want: `task "audit-5" of audit has the prompt of one of gate`},
		{name: "a control learns from the gate", change: []string{labelled + "labelled", labelled + "gate"}, want: "learns from the set gate"},
		{name: "a control learns from the audit", change: []string{labelled + "labelled", labelled + "audit"}, want: "learns from the set audit"},
		{name: "a gate without tasks", sets: map[string]core.TaskSource{"gate": coretest.TaskList{}}, want: "the set gate is empty"},
		{name: "ids twice", sets: map[string]core.TaskSource{"gate": append(numbers("gate"), numbers("gate")[3])}, want: `two have the id "gate-3"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := newRun(t, newLedger(), c.change...)
			for name, s := range c.sets {
				r.Sets[name] = s
			}
			err := r.CheckSets(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// One prompt under a hundred ids is one piece of evidence, which proves nothing.
func TestRepeatedPromptsAreOnePieceOfEvidence(t *testing.T) {
	r, _ := newRun(t, newLedger(), "rounds:  3", "rounds:  1")
	var lucky core.Task // one that the candidate answers and the base does not
	report := do(t, r)
	before, after := report.Rounds[0].Gate.Incumbent, report.Rounds[0].Gate.Candidate
	for _, task := range numbers("gate") {
		u := float64(core.NewHasher("luck").String(task.Prompt[0].Content).Seed()) / (1 << 64)
		if u >= 0.5 && u < 0.5+(after-before)/2 {
			lucky = task
		}
	}
	if lucky.ID == "" {
		t.Fatal("no task tells the candidate from the base")
	}
	var repeated coretest.TaskList
	for i := range 100 {
		again := lucky
		again.ID = fmt.Sprint("again-", i)
		repeated = append(repeated, again)
	}
	r, _ = newRun(t, newLedger(), "rounds:  3", "rounds:  1")
	r.Sets["gate"] = repeated
	g := do(t, r).Rounds[0].Gate
	if g.Gained != 100 || g.PValue < 0.5 || g.Outcome == core.Promote {
		t.Errorf("%d of %d gained, p = %v, %s; want all, 0.5, not promoted", g.Gained, g.N, g.PValue, g.Outcome)
	}
}

// wide is a set of a trillion tasks, and counts those that are read.
type wide struct{ read *int }

func (w wide) Len() int { return 1 << 40 }

func (w wide) Tasks(_ context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := first; i < w.Len(); i++ {
			*w.read++
			if !yield(coretest.Task(fmt.Sprint("wide-", i), fmt.Sprint("wide ", i), ""), nil) {
				return
			}
		}
	}
}

// Of a set that is only drawn from, what the run can draw is checked: worlds
// have more tasks than memory holds.
func TestCheckSetsReadsWhatIsDrawn(t *testing.T) {
	r, _ := newRun(t, newLedger())
	spec, ok := r.Plan.Set(trainSet)
	if !ok || spec.Take == 0 {
		t.Fatal("the fixture draws all of its training set")
	}
	read := 0
	r.Sets[trainSet] = wide{&read}
	if err := r.CheckSets(t.Context()); err != nil {
		t.Fatal(err)
	}
	if most := spec.Take * r.Plan.Rounds * 2; read < spec.Take || read > most {
		t.Errorf("%d tasks are read, of %d drawn in each of %d rounds", read, spec.Take, r.Plan.Rounds)
	}
}
