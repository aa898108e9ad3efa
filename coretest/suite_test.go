package coretest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pawl/core"
)

// recorder is a T that notes what a suite finds.
type recorder struct {
	*testing.T
	mu    sync.Mutex
	found []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = append(r.found, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// finds runs a suite that should report want, or nothing if want is "".
func finds(t *testing.T, name, want string, suite func(T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		r := &recorder{T: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			suite(r)
		}()
		<-done
		all := strings.Join(r.found, "\n")
		if want == "" && all != "" || !strings.Contains(all, want) {
			t.Errorf("the suite reports:\n%s\nwant: %q", all, want)
		}
	})
}

// one samples a single attempt; with decides how it errs.
type one struct {
	actor core.Actor
	bad   string
}

// calls numbers what random samplers give, over all of them: no two are alike.
var calls atomic.Int64

func (s *one) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	if len(t.Prompt) == 0 && s.bad != "empty" {
		return nil, errors.New("no prompt")
	}
	ep := core.NewEpisode(t, c.Seed)
	if s.bad == "deaf" {
		ctx = context.WithoutCancel(ctx)
	}
	nodes, err := s.actor.Act(ctx, core.Request{Path: ep.PathNodes(ep.Root()), N: 1})
	if err != nil && s.bad == "swallow" {
		return ep, nil
	}
	if err != nil {
		return nil, err
	}
	nodes[0].Parent, nodes[0].Actor = ep.Root(), "solver"
	switch s.bad {
	case "random":
		nodes[0].Content = fmt.Sprint(calls.Add(1))
	case "mutate":
		t.Prompt[0].Content = "changed"
	case "anonymous":
		nodes[0].Actor = ""
	}
	ep.Append(nodes[0])
	return ep, nil
}

func TestSamplerSuite(t *testing.T) {
	for bad, want := range map[string]string{
		"": "", "random": "gives another episode", "deaf": "cancelled", "swallow": "failure becomes",
		"empty": "without a prompt", "anonymous": "lacks its seat",
	} {
		finds(t, "sampler "+bad, want, func(t T) {
			Sampler(t, func(h *Host) (core.Sampler, error) {
				a, err := h.Actor("solver")
				return &one{actor: a, bad: bad}, err
			})
		})
	}
}

type verifierFunc func(context.Context, *core.Episode, []core.Ref) (core.Judgement, error)

func (f verifierFunc) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	return f(ctx, ep, at)
}

func TestVerifierSuite(t *testing.T) {
	for bad, want := range map[string]string{
		"": "", "changes": "episodes are changed", "deaf": "cancelled", "outside": "outside the episode",
		"nil": "panics", "more": "it scores node", "nameless": "by whom", "nan": "value NaN", "compares": "says so (core.GroupVerifier)",
	} {
		finds(t, "verifier "+bad, want, func(t T) {
			Verifier(t, func(*Host) (core.Verifier, error) {
				return verifierFunc(func(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
					if ep == nil && bad != "nil" {
						return core.Judgement{}, errors.New("no episode")
					}
					if bad != "deaf" && ctx.Err() != nil {
						return core.Judgement{}, ctx.Err()
					}
					if at == nil || bad == "more" && len(at) > 0 {
						at = ep.Leaves()
					}
					var j core.Judgement
					for _, r := range at {
						if int(r) > len(ep.Nodes) && bad != "outside" {
							return core.Judgement{}, errors.New("outside")
						}
						s := core.Score{By: "test", Nodes: []core.Ref{r}}
						switch bad {
						case "nameless":
							s.By = ""
						case "nan":
							s.Value = s.Value / s.Value
						case "compares":
							s.Value = float64(len(ep.Leaves()))
						}
						j.Scores = append(j.Scores, s)
					}
					if bad == "changes" && len(ep.Scores) == 0 && len(at) == 5 {
						changing.Lock()
						ep.Seed++
						changing.Unlock()
					}
					return j, nil
				}), nil
			})
		})
	}
}

var changing sync.Mutex

// grouped compares attempts and says so, and judges in batches; with decides
// how it errs.
type grouped struct{ bad string }

func (g grouped) Grouped() bool { return true }

func (g grouped) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (j core.Judgement, err error) {
	if ep == nil {
		return j, errors.New("no episode")
	}
	if at == nil {
		at = ep.Leaves()
	}
	for _, r := range at {
		if int(r) > len(ep.Nodes) {
			return j, errors.New("outside")
		}
		j.Scores = append(j.Scores, core.Score{By: "test", Nodes: []core.Ref{r}, Value: float64(len(ep.Leaves()))})
	}
	return j, ctx.Err()
}

func (g grouped) VerifyBatch(ctx context.Context, eps []*core.Episode) (js []core.Judgement, err error) {
	for _, ep := range eps {
		j, _ := g.Verify(context.Background(), ep, nil)
		if g.bad == "batch" && len(j.Scores) > 0 {
			j.Scores[0].Value++
		}
		js = append(js, j)
	}
	if g.bad == "few" {
		js = js[1:]
	}
	if g.bad == "deaf" {
		return js, nil
	}
	return js, ctx.Err()
}

func TestVerifierSuiteOfCompanions(t *testing.T) {
	for bad, want := range map[string]string{
		"": "", "batch": "a batch judges otherwise", "few": "a batch judges otherwise", "deaf": "a batch ignores a cancelled context",
	} {
		finds(t, "verifier "+bad, want, func(t T) {
			Verifier(t, func(*Host) (core.Verifier, error) { return grouped{bad}, nil })
		})
	}
}

type selectorFunc func(context.Context, core.Episodes) (core.Examples, error)

func (f selectorFunc) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	return f(ctx, in)
}

func TestSelectorSuite(t *testing.T) {
	for bad, want := range map[string]string{
		"": "", "once": "gives others", "deaf": "cancelled", "nil": "panics", "swallow": "failing source", "unlabelled": "0 labels",
	} {
		finds(t, "selector "+bad, want, func(t T) {
			Selector(t, func(*Host) (core.Selector, error) {
				return selectorFunc(func(ctx context.Context, in core.Episodes) (core.Examples, error) {
					if in == nil && bad != "nil" {
						return nil, errors.New("nothing to read")
					}
					reads := 0
					return func(yield func(*core.Example, error) bool) {
						if reads++; bad == "once" && reads > 2 {
							return
						}
						for ep, err := range in {
							if bad != "deaf" && err == nil {
								err = ctx.Err()
							}
							if err != nil && bad == "swallow" {
								return
							}
							if err != nil {
								yield(nil, err)
								return
							}
							for _, leaf := range ep.Leaves() {
								ex := &core.Example{Episode: ep, Leaves: []core.Ref{leaf}, Labels: []float64{1}}
								if bad == "unlabelled" {
									ex.Labels = nil
								}
								if !yield(ex, nil) {
									return
								}
							}
						}
					}, nil
				}), nil
			})
		})
	}
}

func TestActorSuite(t *testing.T) {
	finds(t, "a pure actor", "", func(t T) { Actor(t, func() (core.Actor, error) { return echo(), nil }) })
	finds(t, "a batch", "", func(t T) { Actor(t, func() (core.Actor, error) { return &Batch{Scripted: echo()}, nil }) })
	finds(t, "an actor that counts", "asked for apart", func(t T) {
		Actor(t, func() (core.Actor, error) {
			var mu sync.Mutex
			n := 0
			return &Scripted{Reply: func(core.Request, int) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				n++
				return fmt.Sprint(n), nil
			}}, nil
		})
	})
}

func TestTaskSourceSuite(t *testing.T) {
	source := func(l core.TaskSource) func(T) {
		return func(t T) { TaskSource(t, func(*Host) (core.TaskSource, error) { return l, nil }) }
	}
	good := TaskList{Task("a", "1", ""), Task("b", "2", ""), Task("c", "3", ""), Task("d", "4", "")}
	finds(t, "a list", "", source(good))
	finds(t, "an empty list", "", source(TaskList{}))
	finds(t, "a repeated id", "empty or taken", source(append(good, good[0])))
	finds(t, "a deaf source", "cancelled", source(deaf{good}))
	finds(t, "a source that always starts at the front", "reading from task 2", source(front{good}))
}

type deaf struct{ TaskList }

func (d deaf) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return d.TaskList.Tasks(context.WithoutCancel(ctx), first)
}

type front struct{ TaskList }

func (d front) Tasks(ctx context.Context, _ int) iter.Seq2[core.Task, error] {
	return d.TaskList.Tasks(ctx, 0)
}

type gateFunc func(context.Context, core.Trial) (core.Verdict, error)

func (f gateFunc) Decide(ctx context.Context, t core.Trial) (core.Verdict, error) { return f(ctx, t) }

func TestGateSuite(t *testing.T) {
	// Promotes on a mean gain of at least 0.2 over at least `least` tasks.
	rule := func(least int) gateFunc {
		return func(ctx context.Context, t core.Trial) (core.Verdict, error) {
			v := core.Verdict{Outcome: core.NotProven, N: len(t.Items), Reason: "a rule of the test"}
			if len(t.Items) == 0 {
				return v, errors.New("no evidence")
			}
			for _, e := range t.Items {
				v.Difference += (e.Candidate - e.Incumbent) / float64(len(t.Items))
			}
			v.Low, v.High = v.Difference, v.Difference
			if v.Difference >= 0.2 && v.N >= least {
				v.Outcome = core.Promote
			}
			return v, ctx.Err()
		}
	}
	build := func(g core.Gate) func(T) {
		return func(t T) { Gate(t, func(*Host) (core.Gate, error) { return g, nil }) }
	}
	finds(t, "a careful gate", "", build(rule(10)))
	finds(t, "a hasty gate", "a single task: promote", build(rule(1)))
	finds(t, "a gate that never opens", "not_proven", build(rule(1000)))
}

type optimizerFunc func(context.Context, core.Policy, core.Examples) (core.Policy, error)

func (f optimizerFunc) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	return f(ctx, p, in)
}

func TestOptimizerSuite(t *testing.T) {
	ep := Episode(Task("a", "1", ""), "2")
	exs := []*core.Example{{Episode: ep, Leaves: []core.Ref{2}, Labels: []float64{1}}}
	for bad, want := range map[string]string{"": "", "random": "two policies", "mutate": "are changed", "idle": "out of no examples", "deaf": "cancelled"} {
		finds(t, "optimizer "+bad, want, func(t T) {
			n := 0
			Optimizer(t, func(*Host) (core.Optimizer, error) {
				return optimizerFunc(func(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
					all, err := Collect(in)
					if bad != "deaf" && err == nil {
						err = ctx.Err()
					}
					if err != nil {
						return nil, err
					}
					if len(all) == 0 && bad != "idle" {
						return nil, errors.New("no examples")
					}
					n++
					switch bad {
					case "random":
						return p.With("prompt", core.Sum([]byte{byte(n)})), nil
					case "mutate":
						p["prompt"] = "x"
					}
					return p.With("prompt", core.Sum(core.AppendExamples(nil, all))), nil
				}), nil
			}, core.Policy{"weights": core.Sum(nil)}, exs)
		})
	}
}

func TestScript(t *testing.T) {
	a := Script("one", "two", "three")
	nodes, err := a.Act(t.Context(), core.Request{N: 2})
	if err != nil || nodes[0].Content != "one" || nodes[1].Content != "two" {
		t.Errorf("the first two: %v, %v", nodes, err)
	}
	if nodes, err = a.Act(t.Context(), core.Request{N: 1}); err != nil || nodes[0].Content != "three" {
		t.Errorf("the third: %v, %v", nodes, err)
	}
	if _, err := a.Act(t.Context(), core.Request{N: 1}); err == nil {
		t.Error("a script goes on after its end")
	}
	if n := len(a.Requests()); n != 3 {
		t.Errorf("%d requests are recorded, want 3", n)
	}
	p := PerTask(map[string][]string{"q": {"a", "b"}})
	nodes, err = p.Act(t.Context(), core.Request{Path: []core.Node{{Content: "q"}}, First: 1, N: 2})
	if err != nil || nodes[0].Content != "b" || nodes[1].Content != "a" {
		t.Errorf("samples 1 and 2 of a task with two replies: %v, %v", nodes, err)
	}
	if _, err := p.Act(t.Context(), core.Request{Path: []core.Node{{Content: "r"}}, N: 1}); err == nil {
		t.Error("an unscripted task is answered")
	}
}

func TestHostAndClock(t *testing.T) {
	h := NewHost(nil)
	d, err := h.Put(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := h.Get(t.Context(), d); err != nil || string(b) != "x" {
		t.Errorf("what was put: %q, %v", b, err)
	}
	if _, err := h.Get(t.Context(), "unknown"); err == nil {
		t.Error("a blob that was never put is there")
	}
	if _, err := h.Actor("solver"); err == nil {
		t.Error("an empty host has a solver")
	}
	at := h.Now()
	h.Clock.Advance(3)
	if h.Now().Sub(at) != 3 {
		t.Error("the clock does not go on")
	}
}
