package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// Actor is the actor that plays seat under policy p; o are the seat's own
// options, which a request's options override.
func (e *Engine) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	l, err := e.load(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("seating %s: %w", seat, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return &actor{loaded: l, seat: seat, options: o, interventions: e.interventions}, nil
}

// actor samples from one loaded policy. It implements core.Scorer, core.Reader,
// core.Valuer and core.Instrumented.
type actor struct {
	*loaded
	seat    string
	options core.Options

	interventions map[string]core.Intervention
}

func (a *actor) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	out, err := a.ActBatch(ctx, []core.Request{r})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// ActBatch decodes all requests together. Results do not depend on what else
// is in the batch.
func (a *actor) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	nodes, _, err := a.sample(ctx, rs, nil)
	return nodes, err
}

// sample decodes all requests together, each as change, which may be nil, has
// left its prompt.
func (a *actor) sample(ctx context.Context, rs []core.Request, change func(i int, p *nn.Prompt)) ([][]core.Node, [][]nn.Completion, error) {
	prompts, tools := make([]nn.Prompt, len(rs)), make([]json.RawMessage, len(rs))
	read := func(i int, completions []nn.Completion) []core.Node {
		prefix := core.TokensDigest(prompts[i].Tokens)
		stops, at := a.options.Merge(rs[i].Options).Stop, a.turn(prompts[i])
		nodes := make([]core.Node, len(completions))
		for j, c := range completions {
			nodes[j] = a.node(c, prefix, stops, at)
			nodes[j].Data = offering(tools[i])
		}
		return nodes
	}
	for i, r := range rs {
		var err error
		if err = further(a.options.Merge(r.Options).Extra); err != nil {
			return nil, nil, fmt.Errorf("sampling as %s: %w", a.seat, &core.UnservedError{Err: err})
		}
		if tools[i], err = a.text.offer(a.options.Merge(r.Options).Tools); err != nil {
			return nil, nil, fmt.Errorf("encoding the prompt of %s: %w", a.seat, &core.UnservedError{Err: err})
		}
		ids, err := a.text.prompt(r.Path, tools[i])
		if err != nil {
			return nil, nil, fmt.Errorf("encoding the prompt of %s: %w", a.seat, err)
		}
		if len(ids) == 0 {
			return nil, nil, fmt.Errorf("encoding the prompt of %s: it is empty, and the tokenizer has no begin token to start from", a.seat)
		}
		if prompts[i], err = a.decoding(ids, r); err != nil {
			return nil, nil, fmt.Errorf("sampling as %s: %w", a.seat, &core.UnservedError{Err: err})
		}
		if change != nil {
			change(i, &prompts[i])
		}
	}
	books, err := a.books(ctx, rs, prompts, read)
	if err != nil {
		return nil, nil, fmt.Errorf("sampling as %s: %w", a.seat, err)
	}
	done, err := a.sampler().Generate(ctx, prompts, books.emit())
	if err != nil {
		err = fmt.Errorf("sampling as %s: %w", a.seat, tooLong(err))
	}
	if err = books.close(ctx, err); err != nil {
		return nil, nil, err
	}
	out := make([][]core.Node, len(rs))
	for i, completions := range done {
		out[i] = read(i, completions)
	}
	return out, done, nil
}

// turn is how what follows a prompt is read.
func (a *actor) turn(p nn.Prompt) turn {
	return turn{start: a.text.blank(p.Tokens), verbatim: p.Constraint != nil}
}

// node makes a turn of a completion, cut where the first of the stop strings
// begins. The ids are kept up to the one
// that completed the stop: they are what was sampled.
func (a *actor) node(c nn.Completion, prefix core.Digest, stops []string, at turn) core.Node {
	n := core.Node{
		Actor: a.seat, Policy: a.version, Role: core.RoleAssistant, Prefix: prefix,
		TokenIDs: c.Tokens, Logprobs: c.Logprobs, Finish: c.Finish.String(),
	}
	n.Content = a.text.decode(c.Tokens, at)
	if cut, found := nn.CutAtStop(n.Content, stops); found {
		n.Content, n.Finish = cut, finished
	}
	return n
}

// tooLong is err as callers know it who know nothing of the engine.
func tooLong(err error) error {
	if long := (*nn.ContextError)(nil); errors.As(err, &long) {
		return &core.TooLongError{Err: err}
	}
	return err
}

// Encoder renders paths for the training of p.
func (e *Engine) Encoder(ctx context.Context, p core.Policy) (core.Encoder, error) {
	l, err := e.load(ctx, p)
	if err != nil {
		return nil, err
	}
	return l.text, nil
}

var (
	_ core.Scorer       = (*actor)(nil)
	_ core.Reader       = (*actor)(nil)
	_ core.TokenValuer  = (*actor)(nil)
	_ core.Instrumented = (*actor)(nil)
	_ core.Streamer     = (*actor)(nil)
	_ core.Told         = (*actor)(nil)
)
