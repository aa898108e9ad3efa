package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
)

// hidden keeps what an actor could do in batches to itself.
type hidden struct{ core.Actor }

// slow answers the first of the tasks last.
type slow struct {
	*skills
	told bool // tells of its calls, as models that others serve do
}

func (s slow) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	a, err := s.skills.Actor(ctx, p, seat, o)
	return hidden{late{a, s.told}}, err
}

type late struct {
	core.Actor
	told bool
}

func (l late) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	if strings.HasSuffix(r.Path[len(r.Path)-1].Content, "0") {
		time.Sleep(5 * time.Millisecond)
	}
	if l.told { // of two attempts, the first of which failed
		core.Called(ctx, core.CallRecord{Attempts: 2, Usage: core.Usage{Calls: 2, PromptTokens: 10, CompletionTokens: 7}})
	}
	return l.Actor.Act(ctx, r)
}

// However many run at a time, answers come in order, the same as in chunks, and a
// task that cannot be answered ends nothing.
func TestAttemptEach(t *testing.T) {
	tasks := numbers("train")
	var want [][]byte
	for _, parallel := range []int{1, 3, 64} {
		r, s := newRun(t, newLedger())
		r.Models, r.Parallel = slow{skills: s}, parallel
		s.fail = failing("2007")
		var got [][]byte
		var order []string
		answered := 0
		err := r.AttemptEach(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(ep *core.Episode, err error) error {
			order = append(order, ep.Task.ID)
			if (err != nil) != (ep.Task.ID == "train-7") || err != nil && !strings.Contains(err.Error(), "the line is dead") {
				t.Errorf("%s: %v", ep.Task.ID, err)
			}
			if err == nil && ep.Answer != 0 {
				answered++
			}
			got = append(got, core.AppendEpisode(nil, ep))
			return nil
		})
		if err != nil || len(got) != len(tasks) || answered < len(tasks)/2 {
			t.Fatalf("%d at a time: %d of %d, %v", parallel, len(got), len(tasks), err)
		}
		for i, id := range order {
			if id != tasks[i].ID {
				t.Fatalf("%d at a time: place %d has %s", parallel, i, id)
			}
		}
		if want == nil {
			want = got
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d at a time, answers are others", parallel)
		}
	}
	r, s := newRun(t, newLedger())
	s.fail = failing("2007")
	i := 0
	err := r.AttemptAll(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(ep *core.Episode) error {
		if ep.Err == "" && !slices.Equal(core.AppendEpisode(nil, ep), want[i]) {
			t.Errorf("%s is answered otherwise in chunks", ep.Task.ID)
		}
		i++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What ends answering ends it soon, and leaves nobody at work.
func TestAttemptEachEnds(t *testing.T) {
	coretest.NoLeaks(t)
	start := func() *Run {
		r, s := newRun(t, newLedger())
		r.Models, r.Parallel = slow{skills: s}, 4
		return r
	}
	stop := errors.New("enough")
	n := 0
	r := start()
	err := r.AttemptEach(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, numbers("train"), func(*core.Episode, error) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("the sink ended it after %d with %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, n = start(), 0
	err = r.AttemptEach(ctx, r.Initial, r.Plan.Sample, r.Plan.Verify, numbers("train"), func(*core.Episode, error) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n == len(numbers("train")) {
		t.Errorf("interrupted after %d: %v", n, err)
	}
	r, n = start(), 0
	if err := r.AttemptEach(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, nil, func(*core.Episode, error) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("nothing to answer: %d, %v", n, err)
	}
}

// Where models tell of their calls, that is what an episode used: failed attempts
// and prompts included.
func TestUsageIsWhatIsTold(t *testing.T) {
	want := core.Usage{Calls: 2, PromptTokens: 10, CompletionTokens: 7}
	r, s := newRun(t, newLedger())
	r.Models = slow{skills: s, told: true}
	check := func(ep *core.Episode) {
		if ep.Usage != want {
			t.Errorf("%s used %+v, told is %+v", ep.Task.ID, ep.Usage, want)
		}
	}
	tasks := numbers("train")[:3]
	err := r.AttemptEach(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(ep *core.Episode, _ error) error { check(ep); return nil })
	if err == nil {
		err = r.AttemptAll(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(ep *core.Episode) error { check(ep); return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// elsewhere has no weights.
type elsewhere struct{ *skills }

func (e elsewhere) Trainer(context.Context, core.Policy) (core.Trainer, error) {
	return nil, fmt.Errorf("training: %w", ErrNotHere)
}

func (e elsewhere) Encoder(context.Context, core.Policy) (core.Encoder, error) {
	return nil, fmt.Errorf("encoding: %w", ErrNotHere)
}

// A run whose model others serve selects once, measures nothing that follows, and
// has not failed; resumed, it does nothing again.
func TestStopsAfterSelecting(t *testing.T) {
	l := newLedger()
	start := func() (*Run, *skills) {
		r, s := newRun(t, l, "optimize: {teach: {gain: 0.6}}", "optimize: {train: {objective: sft, steps: 5}}")
		r.Models = elsewhere{s}
		return r, s
	}
	r, s := start()
	report := do(t, r)
	if len(report.Rounds) != 1 || report.Stopped == "" || report.Promoted != 0 || len(report.Audit) != 0 || len(report.Controls) != 0 {
		t.Fatalf("%+v", report)
	}
	row := report.Rounds[0]
	if row.Kept == 0 || len(row.Examples) != 1 || row.Sampled != 100 || row.Labels == nil || row.Gate.Outcome != "" {
		t.Errorf("the round %+v", row)
	}
	if n := len(examplesOf(t, l, row)); n != row.Kept {
		t.Errorf("%d examples of %d kept", n, row.Kept)
	}
	if s.asked("gate")+s.asked("audit") != 0 {
		t.Errorf("%d calls measured what is never trained", s.asked("gate")+s.asked("audit"))
	}
	r, s = start()
	if again := do(t, r); len(again.Rounds) != 1 || s.acts != 0 {
		t.Errorf("resumed, it makes %d calls", s.acts)
	}
}
