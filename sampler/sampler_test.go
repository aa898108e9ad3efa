package sampler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func half() *float64 { v := 0.5; return &v }

// right calls an attempt right if it says the reference answer.
type right struct{}

func (right) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	if at == nil {
		at = ep.Leaves()
	}
	var j core.Judgement
	for _, r := range at {
		s := core.Score{By: "right", Nodes: []core.Ref{r}}
		if strings.HasSuffix(ep.Node(r).Content, "#### "+ep.Task.Ref().Answer) {
			s.Value = 1
		}
		j.Scores = append(j.Scores, s)
	}
	return j, ctx.Err()
}

func build(t interface{ Context() context.Context }, h *coretest.Host, c Rationalize) (core.Sampler, error) {
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return right{}, nil }
	if c.Hint == "" {
		c.Hint = "{prompt} = {answer}"
	}
	return newRationalize(t.Context(), h, c)
}

func TestSamplersConform(t *testing.T) {
	for name, make := range map[string]func(h *coretest.Host) (core.Sampler, error){
		"repeat": func(h *coretest.Host) (core.Sampler, error) {
			return newRepeat(t.Context(), h, Repeat{N: 3, Temperature: half()})
		},
		"greedy": func(h *coretest.Host) (core.Sampler, error) { return newGreedy(t.Context(), h, Greedy{}) },
		"play": func(h *coretest.Host) (core.Sampler, error) {
			h.Actors["board"] = lenient{}
			return newPlay(t.Context(), h, Play{Env: "board", N: 2, Turns: 3, Seat: Seat{Seat: "solver"}})
		},
		"panel": func(h *coretest.Host) (core.Sampler, error) {
			h.Actors["other"] = h.Actors["solver"]
			return newPanel(t.Context(), h, Panel{Seats: []string{"solver", "other"}, N: 2})
		},
		"rationalize": func(h *coretest.Host) (core.Sampler, error) {
			return build(t, h, Rationalize{N: 1, Hinted: 2})
		},
	} {
		t.Run(name, func(t *testing.T) { coretest.Sampler(t, make) })
	}
}

func contents(ep *core.Episode) []string {
	var out []string
	for _, r := range ep.Leaves() {
		out = append(out, ep.Node(r).Content)
	}
	return out
}

func TestRepeat(t *testing.T) {
	a := coretest.Samples("x", "y", "z")
	a.Tokens = true
	s, err := newRepeat(t.Context(), coretest.NewHost(a), Repeat{N: 4, Temperature: half(), Logprobs: true, Seat: Seat{MaxTokens: 9}})
	if err != nil {
		t.Fatal(err)
	}
	task := coretest.Task("t", "q", "")
	task.Options = core.Options{MaxTokens: 50, Stop: []string{"\n"}}
	ep, err := s.Sample(t.Context(), core.Call{Seed: 7}, task)
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(ep); !slices.Equal(got, []string{"x", "y", "z", "x"}) {
		t.Errorf("attempts %q", got)
	}
	if ep.Seed != 7 || ep.Usage.Calls != 1 || ep.Usage.CompletionTokens != 8 {
		t.Errorf("seed %d, usage %+v", ep.Seed, ep.Usage)
	}
	r := a.Requests()[0]
	if r.N != 4 || r.First != 0 || r.Seed != 7 || *r.Options.Temperature != 0.5 || r.Options.MaxTokens != 9 ||
		!r.Options.Logprobs || !slices.Equal(r.Options.Stop, []string{"\n"}) || len(r.Path) != 1 || r.Path[0].Content != "q" {
		t.Errorf("the request is %+v", r)
	}
}

func TestGreedyIsCold(t *testing.T) {
	a := coretest.Samples("x")
	s, err := newGreedy(t.Context(), coretest.NewHost(a), Greedy{})
	if err != nil {
		t.Fatal(err)
	}
	hot := 2.0
	task := coretest.Task("t", "q", "")
	task.Options.Temperature = &hot
	if _, err := s.Sample(t.Context(), core.Call{}, task); err != nil {
		t.Fatal(err)
	}
	if r := a.Requests()[0]; r.N != 1 || r.Options.Temperature == nil || *r.Options.Temperature != 0 {
		t.Errorf("the request is %+v", r)
	}
}

func TestBatchesOnlyWhereTheActorDoes(t *testing.T) {
	single, err := newRepeat(t.Context(), coretest.NewHost(coretest.Samples("x")), Repeat{N: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := single.(core.BatchSampler); ok {
		t.Error("a sampler on a single actor claims to batch")
	}
	b := &coretest.Batch{Scripted: coretest.Samples("x")}
	many, err := newRepeat(t.Context(), coretest.NewHost(b), Repeat{N: 1})
	if err != nil {
		t.Fatal(err)
	}
	tasks := []core.Task{coretest.Task("a", "q", ""), coretest.Task("b", "r", "")}
	if _, err := many.(core.BatchSampler).SampleBatch(t.Context(), make([]core.Call, 2), tasks); err != nil || b.Calls != 1 {
		t.Errorf("two tasks take %d batches (%v)", b.Calls, err)
	}
}

func TestShotsRefuse(t *testing.T) {
	h := coretest.NewHost(coretest.Samples("x"))
	if _, err := newRepeat(t.Context(), h, Repeat{}); err == nil {
		t.Error("no attempts")
	}
	if _, err := newRepeat(t.Context(), h, Repeat{N: 1, Seat: Seat{Seat: "critic"}}); err == nil || !strings.Contains(err.Error(), "critic") {
		t.Errorf("an empty seat: %v", err)
	}
	s, err := newRepeat(t.Context(), coretest.NewHost(short{}), Repeat{N: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(t.Context(), core.Call{}, coretest.Task("t", "q", "")); err == nil {
		t.Error("an actor that gives fewer attempts than asked for goes unnoticed")
	}
}

type short struct{}

func (short) Act(context.Context, core.Request) ([]core.Node, error) {
	return make([]core.Node, 1), nil
}

func TestRationalize(t *testing.T) {
	a := coretest.PerTask(map[string][]string{
		"easy":     {"at once\n#### 1"},
		"hard":     {"a guess\n#### 9"},
		"hard = 2": {"because so\n#### 2", "so because\n#### 2"},
		"open":     {"who knows"},
	})
	a.Tokens = true
	s, err := build(t, coretest.NewHost(a), Rationalize{N: 1, Hinted: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		task core.Task
		want []string
		asks int
	}{
		{coretest.Task("easy", "easy", "1"), []string{"at once\n#### 1"}, 1},
		{coretest.Task("hard", "hard", "2"), []string{"a guess\n#### 9", "because so\n#### 2", "so because\n#### 2"}, 2},
		{coretest.Task("worked", "hard", "1 + 1 = 2\n#### 2"), []string{"a guess\n#### 9", "because so\n#### 2", "so because\n#### 2"}, 2},
		{coretest.Task("open", "open", ""), []string{"who knows"}, 1},
	} {
		before := len(a.Requests())
		ep, err := s.Sample(t.Context(), core.Call{Seed: 3}, c.task)
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(ep); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.task.ID, got, c.want)
		}
		if asks := len(a.Requests()) - before; asks != c.asks || ep.Usage.Calls != c.asks {
			t.Errorf("%s: %d requests, %d counted, want %d", c.task.ID, asks, ep.Usage.Calls, c.asks)
		}
		for i, r := range ep.Leaves() {
			n := ep.Node(r)
			hinted := i > 0
			if n.Parent != ep.Root() || len(n.TokenIDs) == 0 || (n.Logprobs == nil) != hinted || (n.Data != nil) != hinted {
				t.Errorf("%s: attempt %d is not recast as it should be: %+v", c.task.ID, i, n)
			}
			if path := ep.PathNodes(r); path[0].Content != c.task.Prompt[0].Content {
				t.Errorf("%s: attempt %d hangs below %q", c.task.ID, i, path[0].Content)
			}
		}
	}
	rs := a.Requests()
	if rs[1].Seed == rs[2].Seed {
		t.Error("the second try repeats the first one's randomness")
	}
}

func TestRationalizeRefuses(t *testing.T) {
	h := coretest.NewHost(coretest.Samples("x"))
	if _, err := build(t, h, Rationalize{N: 1, Hinted: 1, Hint: "no place for it"}); err == nil {
		t.Error("a hint without the answer is accepted")
	}
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return 7, nil }
	if _, err := newRationalize(t.Context(), h, Rationalize{N: 1, Hinted: 1, Hint: "{answer}"}); err == nil {
		t.Error("a verifier that is none is accepted")
	}
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return nil, fmt.Errorf("no") }
	if _, err := newRationalize(t.Context(), h, Rationalize{N: 1, Hinted: 1, Hint: "{answer}"}); err == nil {
		t.Error("a verifier that cannot be built is accepted")
	}
}
