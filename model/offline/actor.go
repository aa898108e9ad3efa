package offline

import (
	"context"
	"fmt"
	"time"

	"pawl/core"
	"pawl/nn"
)

// Answer is one alternative as a source has it.
type Answer struct {
	Content string
	Finish  string        // "stop", "length"; "" where it is not known
	First   time.Duration // until the first token comes, of models that take their time
	Each    time.Duration // from one token to the next
}

// took is how long an answer is in coming.
func (a Answer) took() time.Duration { return a.First + time.Duration(Tokens(a.Content))*a.Each }

// Source knows what the model says: a pure function of what of the request
// counts, the options of the seat laid under those of the request, and of the
// sample's index. It is safe for concurrent use.
type Source interface {
	Answer(ctx context.Context, r core.Request, index int) (Answer, error)
}

// Actor plays a seat from a source.
type Actor struct {
	source  Source
	seat    string
	options core.Options
	model   string      // as its users name it
	version core.Digest // of the policy that is nothing but this model
}

var _ core.Streamer = (*Actor)(nil)

// New seats a model; o are the seat's own options, which a request's override.
func New(m core.ModelName, seat string, o core.Options, s Source) *Actor {
	policy := core.Policy{core.PartModel: core.Sum(m.Bytes())}
	return &Actor{source: s, seat: seat, options: o, model: m.Kind + ":" + m.Name, version: policy.Version()}
}

// Act answers all alternatives of a request.
func (a *Actor) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	return a.ask(ctx, r, func(answers []Answer) error {
		var longest time.Duration
		for _, answer := range answers {
			longest = max(longest, answer.took()) // alternatives are drawn side by side
		}
		return Sleep(ctx, longest)
	})
}

// Stream answers one alternative, a word at a time.
func (a *Actor) Stream(ctx context.Context, r core.Request, sink func(core.Delta) error) (core.Node, error) {
	if r.N != 1 {
		return core.Node{}, fmt.Errorf("streaming as %s: %d alternatives are asked for; only one can be streamed", a.seat, r.N)
	}
	nodes, err := a.ask(ctx, r, func(answers []Answer) error {
		wait := answers[0].First
		for piece := range Pieces(answers[0].Content) {
			if err := Sleep(ctx, wait+answers[0].Each); err != nil {
				return err
			}
			if err := sink(core.Delta{Content: piece}); err != nil {
				return err
			}
			wait = 0
		}
		return nil
	})
	if err != nil {
		return core.Node{}, err
	}
	return nodes[0], nil
}

// ask finds the answers, lets say give them, and tells of the call. What is
// refused never reached the model, and is no call.
func (a *Actor) ask(ctx context.Context, r core.Request, say func([]Answer) error) ([]core.Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	began := time.Now()
	asked := r
	asked.Options = a.options.Merge(r.Options)
	if err := unserved(asked.Options); err != nil {
		return nil, fmt.Errorf("asking %s as %s: %w", a.model, a.seat, err)
	}
	answers := make([]Answer, r.N)
	for i := range answers {
		var err error
		if answers[i], err = a.source.Answer(ctx, asked, r.First+i); err != nil {
			return nil, fmt.Errorf("asking %s as %s: %w", a.model, a.seat, err)
		}
		if cut, found := nn.CutAtStop(answers[i].Content, asked.Options.Stop); found {
			answers[i].Content, answers[i].Finish = cut, "stop"
		}
	}
	call := core.CallRecord{Seat: a.seat, Model: a.model, Attempts: 1, Began: began, Request: r}
	call.Usage = core.Usage{Calls: 1}
	for _, n := range r.Path {
		call.Usage.PromptTokens += int64(Tokens(n.Content))
	}
	err := say(answers)
	call.Took = time.Since(began)
	if err != nil {
		call.Err = err.Error()
	} else {
		for _, answer := range answers {
			call.Usage.CompletionTokens += int64(Tokens(answer.Content))
			call.Nodes = append(call.Nodes, core.Node{
				Actor: a.seat, Policy: a.version, Role: core.RoleAssistant, Content: answer.Content, Finish: answer.Finish,
			})
		}
	}
	core.Called(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("asking %s as %s: %w", a.model, a.seat, err)
	}
	return append([]core.Node(nil), call.Nodes...), nil // whoever was told keeps his own
}

// unserved refuses what no text on its own can keep. Temperature, top-k and top-p
// are not here: what they do to a sample, whoever made it has done.
func unserved(o core.Options) error {
	asked := []struct {
		is   bool
		what string
	}{
		{o.Logprobs, "log-probs"},
		{len(o.Tools) > 0 && string(o.Tools) != "null" && string(o.Tools) != "[]", "tools"},
		{len(o.Schema) > 0 && string(o.Schema) != "null", "a schema"},
		{o.Regex != "", "a regular expression"},
		{o.Grammar != "", "a grammar"},
		{o.MinP != 0, "min-p"},
		{len(o.Bias) > 0 || len(o.BiasText) > 0, "logit biases"},
		{len(o.Interventions) > 0, "interventions"},
	}
	for _, a := range asked {
		if a.is {
			return &core.UnservedError{Err: fmt.Errorf("%s cannot be had: its answers are text that is there already, with no tokens behind it; leave it out, or ask another model", a.what)}
		}
	}
	return nil
}

// Sleep waits, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
