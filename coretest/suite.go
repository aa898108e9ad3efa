package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"sync"

	"go.uber.org/goleak"
	"pawl/core"
)

// T is what the suites need of a *testing.T.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
	Cleanup(func())
}

// NoLeaks fails the test if goroutines that it started outlive it.
func NoLeaks(t T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(before); err != nil {
			t.Errorf("goroutines are left: %v", err)
		}
	})
}

var errPlanned = errors.New("the planned failure")

// tasks are what suites sample: different lengths, several prompt nodes, a
// reference and none.
func tasks() []core.Task {
	long := Task("c", "a question", "3")
	long.Prompt = append([]core.Node{{Role: core.RoleSystem, Content: "Be brief."}}, long.Prompt...)
	return []core.Task{Task("a", "1 + 1", "2"), Task("b", "", ""), long}
}

// echo answers with the prompt and the sample's number: a pure function of the
// request.
func echo() *Scripted {
	return &Scripted{Tokens: true, Reply: func(r core.Request, i int) (string, error) {
		return fmt.Sprintf("%s? #### %d", r.Path[len(r.Path)-1].Content, i%3), nil
	}}
}

// episodes are what suites judge and select from.
func episodes() []*core.Episode {
	var eps []*core.Episode
	for i, t := range tasks() {
		eps = append(eps, Episode(t, "#### 2", "#### 2", "#### 3", fmt.Sprintf("#### %d", i), ""))
	}
	return append(eps, Episode(Task("none", "no attempts", "1")))
}

// packed is the content of an episode as bytes, for comparing.
func packed(ep *core.Episode) []byte { return core.AppendEpisode(nil, ep) }

func packedAll(eps []*core.Episode) []byte {
	var b []byte
	for _, ep := range eps {
		b = append(b, packed(ep)...)
	}
	return b
}

func cancelled(t T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// failing yields what is given, then the planned failure.
func failing(eps ...*core.Episode) core.Episodes {
	return func(yield func(*core.Episode, error) bool) {
		for _, ep := range eps {
			if !yield(ep, nil) {
				return
			}
		}
		yield(nil, errPlanned)
	}
}

// made builds a component or ends the test.
func made[C any](t T, h *Host, build func(*Host) (C, error)) C {
	t.Helper()
	c, err := build(h)
	if err != nil {
		t.Fatalf("building: %v", err)
	}
	return c
}

// calm calls f and reports a panic as a failed test.
func calm(t T, what string, f func()) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s panics: %v", what, p)
		}
	}()
	f()
}

// together runs f(0..n-1) at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Sampler checks a sampler. build gets a host whose seat "solver" is scripted;
// it may set further fields of the host first.
func Sampler(t T, build func(h *Host) (core.Sampler, error)) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	s := made(t, NewHost(echo()), build)
	var want []*core.Episode
	calls := make([]core.Call, len(tasks()))
	for i, task := range tasks() {
		calls[i].Seed = uint64(i)
		ep, err := s.Sample(ctx, calls[i], task)
		if err != nil {
			t.Fatalf("task %s: %v", task.ID, err)
		}
		checkEpisode(t, ep, task)
		want = append(want, ep)
		if !reflect.DeepEqual(task, tasks()[i]) {
			t.Errorf("task %s: the task given is changed", task.ID)
		}
	}
	same := func(what string, i int, ep *core.Episode, err error) {
		if err != nil || !bytes.Equal(packed(ep), packed(want[i])) {
			t.Errorf("%s: task %d gives another episode (%v)", what, i, err)
		}
	}
	fresh := made(t, NewHost(echo()), build)
	together(len(want), func(i int) { // one sampler, many tasks at once
		ep, err := fresh.Sample(ctx, calls[i], tasks()[i])
		same("called concurrently", i, ep, err)
	})
	if _, err := s.Sample(cancelled(t), calls[0], tasks()[0]); err == nil {
		t.Errorf("a cancelled context is ignored")
	}
	calm(t, "a task without a prompt", func() {
		if _, err := s.Sample(ctx, core.Call{}, core.Task{ID: "empty"}); err == nil {
			t.Errorf("a task without a prompt is sampled")
		}
	})
	broken := made(t, NewHost(&Scripted{Reply: func(core.Request, int) (string, error) { return "", errPlanned }}), build)
	if _, err := broken.Sample(ctx, calls[0], tasks()[0]); !errors.Is(err, errPlanned) {
		t.Errorf("an actor's failure becomes %v", err)
	}
	batch, ok := made(t, NewHost(&Batch{Scripted: echo()}), build).(core.BatchSampler)
	if !ok {
		return
	}
	eps, err := batch.SampleBatch(ctx, calls, tasks())
	if err != nil || len(eps) != len(want) {
		t.Fatalf("a batch of %d gives %d episodes (%v)", len(want), len(eps), err)
	}
	for i, ep := range eps {
		same("in a batch", i, ep, nil)
	}
	if eps, err := batch.SampleBatch(ctx, nil, nil); err != nil || len(eps) != 0 {
		t.Errorf("an empty batch gives %d episodes (%v)", len(eps), err)
	}
	if _, err := batch.SampleBatch(ctx, calls[:1], tasks()); err == nil {
		t.Errorf("a batch with too few calls is accepted")
	}
}

// checkEpisode checks what holds of every episode fresh from a sampler.
func checkEpisode(t T, ep *core.Episode, task core.Task) {
	t.Helper()
	if ep == nil || !reflect.DeepEqual(ep.Task, task) {
		t.Fatalf("task %s: the episode is of another task", task.ID)
	}
	if len(ep.Nodes) < len(task.Prompt) {
		t.Fatalf("task %s: the episode has fewer nodes than the prompt", task.ID)
	}
	for i, n := range ep.Nodes {
		switch {
		case n.Parent < 0 || int(n.Parent) > i:
			t.Errorf("task %s: node %d hangs below node %d, which comes later", task.ID, i+1, n.Parent)
		case i < len(task.Prompt) && n.Content != task.Prompt[i].Content:
			t.Errorf("task %s: node %d is not the prompt's", task.ID, i+1)
		case i >= len(task.Prompt) && (n.Actor == "" || n.Role == ""):
			t.Errorf("task %s: node %d lacks its seat or role", task.ID, i+1)
		case n.Logprobs != nil && len(n.Logprobs) != len(n.TokenIDs):
			t.Errorf("task %s: node %d has %d log-probs for %d tokens", task.ID, i+1, len(n.Logprobs), len(n.TokenIDs))
		}
	}
	if ep.Answer < 0 || int(ep.Answer) > len(ep.Nodes) {
		t.Errorf("task %s: answer %d is outside the episode", task.ID, ep.Answer)
	}
}

// Verifier checks a verifier on the given episodes, or on the suite's own.
func Verifier(t T, build func(h *Host) (core.Verifier, error), eps ...*core.Episode) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	if len(eps) == 0 {
		eps = episodes()
	}
	v := made(t, NewHost(echo()), build)
	if c, ok := v.(io.Closer); ok {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
	before := packedAll(eps)
	judge := func(ep *core.Episode, at []core.Ref) core.Judgement {
		j, err := v.Verify(ctx, ep, at)
		if err != nil {
			t.Errorf("task %s at %v: %v", ep.Task.ID, at, err)
		}
		return j
	}
	for _, ep := range eps {
		j := judge(ep, nil)
		checkJudgement(t, ep, j)
		if !reflect.DeepEqual(j, judge(ep, nil)) {
			t.Errorf("task %s: the second judgement differs", ep.Task.ID)
		}
		if j := judge(ep, []core.Ref{}); len(j.Scores) != 0 {
			t.Errorf("task %s: asked about no node, it gives %d scores", ep.Task.ID, len(j.Scores))
		}
		checkAlone(t, v, ep, j)
		for _, leaf := range ep.Leaves() {
			for _, s := range judge(ep, []core.Ref{leaf}).Scores {
				if len(s.Nodes) == 1 && s.Nodes[0] != leaf {
					t.Errorf("task %s: asked about node %d, it scores node %d", ep.Task.ID, leaf, s.Nodes[0])
				}
			}
		}
		if len(ep.Leaves()) > 0 {
			if _, err := v.Verify(cancelled(t), ep, nil); err == nil {
				t.Errorf("task %s: a cancelled context is ignored", ep.Task.ID)
			}
		}
	}
	together(len(eps), func(i int) { judge(eps[i], nil) })
	if !bytes.Equal(before, packedAll(eps)) {
		t.Errorf("the episodes are changed")
	}
	calm(t, "a nil episode", func() {
		if _, err := v.Verify(ctx, nil, nil); err == nil {
			t.Errorf("a nil episode is judged")
		}
	})
	calm(t, "a node outside the episode", func() {
		if _, err := v.Verify(ctx, eps[0], []core.Ref{core.Ref(len(eps[0].Nodes) + 1)}); err == nil {
			t.Errorf("a node outside the episode is judged")
		}
	})
}

// checkAlone checks that an attempt's scores do not depend on the others, unless
// the verifier says that they do, and that a batch gives what single calls give.
func checkAlone(t T, v core.Verifier, ep *core.Episode, whole core.Judgement) {
	t.Helper()
	if b, ok := v.(core.BatchVerifier); ok {
		js, err := b.VerifyBatch(t.Context(), []*core.Episode{ep, ep})
		if err != nil || len(js) != 2 || !reflect.DeepEqual(js[0], whole) || !reflect.DeepEqual(js[1], whole) {
			t.Errorf("task %s: a batch judges otherwise: %+v, %v", ep.Task.ID, js, err)
		}
		if _, err := b.VerifyBatch(cancelled(t), []*core.Episode{ep}); err == nil && len(ep.Leaves()) > 0 {
			t.Errorf("task %s: a batch ignores a cancelled context", ep.Task.ID)
		}
	}
	if g, ok := v.(core.GroupVerifier); ok && g.Grouped() || len(whole.Nodes) > 0 {
		return
	}
	for _, leaf := range ep.Leaves() {
		if ep.Node(leaf).Parent != ep.Root() {
			continue
		}
		alone := core.NewEpisode(ep.Task, ep.Seed)
		n := *ep.Node(leaf)
		n.Parent = alone.Root()
		r := alone.Append(n)
		j, err := v.Verify(t.Context(), alone, nil)
		if err != nil {
			t.Errorf("task %s: attempt %d alone: %v", ep.Task.ID, leaf, err)
			continue
		}
		var want []core.Score
		for _, s := range whole.Scores {
			if len(s.Nodes) == 1 && s.Nodes[0] == leaf {
				s.Nodes = []core.Ref{r}
				want = append(want, s)
			}
		}
		if !reflect.DeepEqual(j.Scores, want) {
			t.Errorf("task %s: attempt %d alone is scored %+v, among others %+v; a verifier that compares attempts says so (core.GroupVerifier)", ep.Task.ID, leaf, j.Scores, want)
		}
	}
}

func checkJudgement(t T, ep *core.Episode, j core.Judgement) {
	t.Helper()
	last := core.Ref(len(ep.Nodes) + len(j.Nodes))
	for _, s := range j.Scores {
		if s.By == "" {
			t.Errorf("task %s: a score does not say by whom", ep.Task.ID)
		}
		if !finite(s.Value) || !(s.Confidence >= 0 && s.Confidence <= 1) {
			t.Errorf("task %s: value %v, confidence %v", ep.Task.ID, s.Value, s.Confidence)
		}
		for _, r := range append([]core.Ref{max(s.Via, 1)}, s.Nodes...) {
			if r < 1 || r > last {
				t.Errorf("task %s: a score points at node %d of %d", ep.Task.ID, r, last)
			}
		}
	}
}
