package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"pawl/core"
)

// send makes one attempt at the alternatives want of a purchase that begins at
// sample index base. With a sink the answer is told as it comes.
func (a *actor) send(ctx context.Context, r core.Request, base int, want []int, form *form, sink func(core.Delta) error) (core.Sent, error) {
	n := len(want)
	for i := 1; i < n; i++ {
		if want[i] != want[0]+i { // one call's alternatives follow each other
			n = i
		}
	}
	for {
		if several, _, _ := a.learnt.know(); several == no {
			n = 1
		}
		fields, err := a.fields(ctx, r, base+want[0], n, sink != nil)
		if err != nil {
			return core.Sent{}, &core.SendError{Err: err}
		}
		got, err := a.ask(ctx, fields, sink)
		var refused *StatusError
		if errors.As(err, &refused) {
			if a.learnt.adapt(refused, fields, r.Options.MaxTokens > 0) {
				continue // each time something becomes known, of which there is little
			}
			if long := tooLong(err); long != err {
				err = long
			} else if f := complained(refused, fields); f != "" {
				err = &core.SendError{Err: &core.UnservedError{Err: fmt.Errorf("%w (it refuses %s)", refused, f)}}
			}
		}
		if err != nil {
			return core.Sent{}, err
		}
		a.learnt.gave(n, len(got.Choices))
		return a.sent(got, r, fields, n, form)
	}
}

// ask makes one call.
func (a *actor) ask(ctx context.Context, fields map[string]any, sink func(core.Delta) error) (*reply, error) {
	content, err := json.Marshal(fields)
	if err != nil {
		return nil, &core.SendError{Err: a.unserved("%w", err)}
	}
	if sink != nil {
		return a.askStream(ctx, content, sink)
	}
	text, err := a.wire.post(ctx, a.base, a.path(), content)
	if err != nil {
		return nil, err
	}
	got, err := parseReply(text)
	if err != nil {
		return nil, junk(a.base, err)
	}
	return got, nil
}

// junk is a reply of 200 that is none. It may well have been charged for.
func junk(base string, err error) *core.SendError {
	return &core.SendError{Err: fmt.Errorf("reading the reply of %s: %w", base, err), Again: true, Unknown: true}
}

// sent is what came of a call for n alternatives.
func (a *actor) sent(got *reply, r core.Request, fields map[string]any, n int, form *form) (core.Sent, error) {
	out := core.Sent{Usage: a.used(got, fields)}
	fail := func(again bool, err error) (core.Sent, error) {
		return core.Sent{}, &core.SendError{Err: err, Again: again, Usage: out.Usage}
	}
	if len(got.Choices) == 0 {
		return fail(true, fmt.Errorf("reading the reply of %s: it has no alternatives", a.base))
	}
	limit, _ := fields[maxTokens].(int)
	if l, ok := fields[maxCompletionTokens].(int); ok {
		limit = l
	}
	for i := range got.Choices[:min(n, len(got.Choices))] {
		c := &got.Choices[i]
		node, err := c.node(got.PromptTokenIDs)
		if err != nil {
			return fail(true, fmt.Errorf("reading the reply of %s: %w", a.base, err))
		}
		if (r.Options.Logprobs || r.Options.TopLogprobs > 0) && node.Logprobs == nil && node.Content != "" {
			return fail(false, a.unserved("log-probabilities: the server gives none"))
		}
		if err := form.keeps(node); err != nil {
			return fail(false, a.unserved("%w", err))
		}
		content, err := json.Marshal(node)
		if err != nil {
			return fail(true, fmt.Errorf("reading the reply of %s: %w", a.base, err))
		}
		alone := int64(0) // tokens of this alternative, where they are known
		if len(got.Choices) == 1 && got.Usage != nil {
			alone = got.Usage.CompletionTokens
		} else if len(node.Logprobs) > 0 {
			alone = int64(len(node.Logprobs))
		}
		out.Results = append(out.Results, core.SentResult{Content: content, Flawed: flaw(node, limit, alone)})
	}
	return out, nil
}

// used is what a call used: as the server counts it, else as many tokens as a
// quarter of the bytes.
func (a *actor) used(got *reply, fields map[string]any) core.Usage {
	u := got.Usage
	if u == nil {
		u = &usage{}
		said, _ := json.Marshal(fields["messages"])
		text, _ := fields["prompt"].(string)
		u.PromptTokens = int64(len(said)+len(text)+3) / 4
		for _, c := range got.Choices {
			size := len(c.Message)
			if c.Text != nil {
				size = len(*c.Text)
			}
			u.CompletionTokens += int64(size+3) / 4
		}
	}
	return core.Usage{Calls: 1, PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, MicroUSD: a.price.cost(*u)}
}
