package pawl

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/nn"
	"pawl/recipe"
)

// Answerer answers single questions by the inference half of a recipe, for servers:
// while it works it tells what it has, and it keeps deadlines and budgets. It is
// safe for concurrent use and holds no model, so that each question may be
// answered by another policy.
type Answerer struct {
	p    *Pawl
	plan *recipe.Plan
}

// Question is what an Answerer answers.
type Question struct {
	Task     core.Task // its options override the recipe's seats
	N        int       // answers of a model asked alone; 0 is one
	Seed     uint64
	Deadline time.Time              // the best answer so far is given then; zero for none
	Limits   Limits                 // the same when they are reached
	Stream   func(core.Delta) error // told the answer as it comes, where it comes piecemeal; may be nil
	Progress func(core.Progress)    // may be nil; called from any goroutine
}

// What ended an answer early.
const (
	CutDeadline = "deadline"
	CutBudget   = "budget"
)

// Reply is what came of a question.
type Reply struct {
	Episode    *core.Episode
	Answers    []core.Ref // N of a model asked alone, else one; none where the recipe abstains
	Abstained  bool
	By         string         // the verifier that chose; "" for none
	Score      *core.Score    // its score of the answer
	Unverified bool           // there was no time or budget left to judge the attempts
	Cut        string         // what ended it early; "" for nothing
	Tokens     [][]core.Token // of each answer, where its options ask for log-probabilities
	Streamed   bool           // Stream was told the answer, or as much of it as there is
	Usage      core.Usage     // of all calls, failed and cancelled ones included
	Calls      []core.CallRecord
}

// Answerer is that of a recipe by name or path; of the model alone for "".
func (p *Pawl) Answerer(name string) (*Answerer, error) {
	plan, err := p.planOrAlone(name)
	if err != nil {
		return nil, input(err)
	}
	if name == "" {
		plan.Name = ""
	}
	return answererOf(p, plan)
}

func answererOf(p *Pawl, plan *recipe.Plan) (*Answerer, error) {
	for _, seat := range plan.Seats {
		if seat.Env.Name != "" {
			return nil, inputf("answering with recipe %s: its seat %s is an environment, which nobody brings along with a question", plan.Name, seat.Name)
		}
	}
	return &Answerer{p, plan}, nil
}

// Recipe is the recipe's name, "" for a model asked alone.
func (a *Answerer) Recipe() string { return a.plan.Name }

// FixesTemperature tells whether the recipe's sampler has a temperature of its own: a
// caller's would not be kept.
func (a *Answerer) FixesTemperature() bool {
	if a.plan.Sample.Name == "greedy" {
		return true
	}
	config := reflect.ValueOf(a.plan.Sample.Config)
	if config.Kind() != reflect.Struct {
		return false
	}
	at := config.FieldByName("Temperature")
	return at.IsValid() && at.Kind() == reflect.Pointer && !at.IsNil()
}

// Streams tells whether the sampler's attempt is the answer, whatever is thought of it
// afterwards: then it can be told as it comes.
func (a *Answerer) Streams() bool { return a.plan.Answer.By == "" }

// Answer answers a question under policy. With an error comes what it cost: the
// reply then has Usage and Calls alone.
func (a *Answerer) Answer(ctx context.Context, policy core.Policy, q Question) (*Reply, error) {
	plan := a.plan
	if q.N > 1 {
		if a.plan.Name != "" {
			return &Reply{}, inputf("answering with recipe %s: %d answers are asked for, and it gives one; ask as often", plan.Name, q.N)
		}
		fresh, err := a.p.planOrAlone("")
		if err == nil {
			err = fresh.Override("sample."+fresh.Sample.Name+".n", fmt.Sprint(q.N))
		}
		if err != nil {
			return &Reply{}, input(err)
		}
		plan = fresh
	}
	team := map[string]core.Policy{}
	for _, lane := range plan.Policies {
		team[lane.Name] = policy
	}
	run := a.p.player(plan, q.Seed, progressOf(q.Progress))

	x := &answering{question: q, plan: plan, run: run, team: team}
	return x.answer(ctx, a.Streams() && q.N <= 1)
}

// progressOf makes an observer of a run of one that hears of progress.
func progressOf(told func(core.Progress)) func(loop.Event) {
	if told == nil {
		return nil
	}
	return func(e loop.Event) {
		p := e.Progress
		if p.Stage == "" {
			p.Stage = e.Stage
		}
		told(p)
	}
}

// answering is one question being answered.
type answering struct {
	question Question
	plan     *recipe.Plan
	run      *loop.Run
	team     map[string]core.Policy

	mu    sync.Mutex // guards what follows
	calls []core.CallRecord
	said  []core.Delta

	streamed atomic.Bool
}

var errDeadline = errors.New("the deadline has come")

func (x *answering) answer(ctx context.Context, streams bool) (*Reply, error) {
	q := x.question
	told := core.WithCalls(ctx, x.called)
	inner := told
	if !q.Deadline.IsZero() {
		var cancel context.CancelFunc
		inner, cancel = context.WithDeadlineCause(inner, q.Deadline, errDeadline)
		defer cancel()
	}
	call := core.Call{Seed: q.Seed, Sink: q.Progress}
	// What is said is kept in any case, should it be cut short.
	if streams && (q.Stream != nil || inner != told || core.PurseLeft(ctx) >= 0 || q.Task.Options.Logprobs) {
		call.Stream = x.stream
	}
	ep, err := x.run.One(inner, x.team, call, q.Task)
	r := &Reply{Streamed: x.streamed.Load()}
	if err != nil && ctx.Err() == nil {
		switch {
		case errors.Is(context.Cause(inner), errDeadline):
			r.Cut = CutDeadline
		case errors.Is(err, core.ErrSpent):
			r.Cut = CutBudget
		}
		if r.Cut != "" {
			ep, err = x.sofar(told, r, err)
		}
	}
	if err == nil {
		x.fill(r, ep)
		if q.Task.Options.Logprobs && len(r.Answers) > 0 {
			r.Tokens, err = x.tokens(inner, r)
		}
	}
	x.mu.Lock()
	r.Calls = x.calls
	x.mu.Unlock()
	for _, c := range r.Calls {
		r.Usage.Add(c.Usage)
	}
	if err != nil {
		return &Reply{Usage: r.Usage, Calls: r.Calls, Streamed: r.Streamed}, answerError(err)
	}
	return r, nil
}

// fill reads an answered episode.
func (x *answering) fill(r *Reply, ep *core.Episode) {
	r.Episode, r.By, r.Abstained = ep, x.plan.Answer.By, ep.Answer == 0
	if x.question.N > 1 && !r.Abstained {
		r.Answers = ep.Leaves()
		return
	}
	if r.Abstained {
		return
	}
	r.Answers = []core.Ref{ep.Answer}
	if s, ok := ep.ScoreOf(r.By, ep.Answer); ok && r.By != "" {
		r.Score = &s
	}
}

func (x *answering) called(c core.CallRecord) {
	x.mu.Lock()
	x.calls = append(x.calls, c)
	done := len(x.calls)
	x.mu.Unlock()
	if x.question.Progress != nil && c.Err == "" {
		x.question.Progress(core.Progress{Stage: "call", Done: done, Note: c.Seat})
	}
}

func (x *answering) stream(d core.Delta) error {
	x.mu.Lock()
	x.said = append(x.said, d)
	x.mu.Unlock()
	if x.question.Stream == nil {
		return nil
	}
	x.streamed.Store(true)
	return x.question.Stream(d)
}

// answerError marks what the caller got wrong.
func answerError(err error) error {
	if unserved := (*core.UnservedError)(nil); errors.As(err, &unserved) {
		return input(err)
	}
	if long := (*core.TooLongError)(nil); errors.As(err, &long) {
		return input(err)
	}
	if unknown := (*nn.UnknownTextError)(nil); errors.As(err, &unknown) {
		return inputf("answering: the model cannot read the question: its tokenizer has no tokens for all of it: %w", err)
	}
	if uncalibrated(err) {
		return input(err)
	}
	return err
}
