package openai

import (
	"context"
	"errors"
	"fmt"

	"pawl/core"
)

// States of an ability.
const (
	Has     = "yes"
	Lacks   = "no"
	Passes  = "passed over" // the field is taken and does nothing
	Unclear = "unclear"     // what was tried does not tell
)

// Ability is one thing that a server can do or not.
type Ability struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// Probed is what was found of a model.
type Probed struct {
	Model     string    `json:"model"`
	At        string    `json:"at"`
	Endpoint  string    `json:"endpoint"`         // "chat" or "completions"
	Kind      string    `json:"kind"`             // of server
	Models    []string  `json:"models,omitempty"` // that it lists
	Abilities []Ability `json:"abilities"`
	Answers   bool      `json:"answers"` // it can be used at all
	Calls     int       `json:"calls"`   // that were made
	Tokens    int64     `json:"tokens"`  // that they used, as the server counts
}

// prober asks a model small things.
type prober struct {
	*actor
	out *Probed
}

// Probe finds out what a model's server can do, with about a dozen calls of a few
// tokens each, which go past the payer. An error is one of the name; a server that
// cannot be asked is a finding.
func (p *Provider) Probe(ctx context.Context, m core.ModelName) (*Probed, error) {
	fresh := New(Options{Timeouts: p.wire.timeouts}) // what others have learnt is to be found again
	defer fresh.Close()
	a, err := fresh.actor(m, "doctor", core.Options{})
	if err != nil {
		return nil, err
	}
	out := &Probed{Model: m.Name, At: a.base, Endpoint: "chat"}
	if a.plain {
		out.Endpoint = "completions"
	}
	x := &prober{a, out}
	x.models(ctx)
	x.answers(ctx)
	if !out.Answers || ctx.Err() != nil {
		return out, ctx.Err()
	}
	for _, f := range []func(context.Context){x.system, x.several, x.seed, x.logprobs, x.tokenIDs, x.given, x.tools, x.schema, x.streaming, x.steering} {
		f(ctx)
	}
	return out, ctx.Err()
}

// found notes an ability.
func (x *prober) found(name, state, format string, args ...any) {
	x.out.Abilities = append(x.out.Abilities, Ability{name, state, fmt.Sprintf(format, args...)})
}

// try asks for text in a few tokens, with more fields.
func (x *prober) try(ctx context.Context, path []core.Node, more map[string]any, sink func(core.Delta) error) (*reply, error) {
	for {
		fields := map[string]any{"model": x.name.Name, "temperature": 0}
		if err := x.say(ctx, path, fields); err != nil {
			return nil, err
		}
		field := x.limit()
		if x.plain {
			field = maxTokens
		}
		fields[field] = 24
		for k, v := range more {
			fields[k] = v
		}
		x.out.Calls++
		got, err := x.ask(ctx, fields, sink)
		var refused *StatusError
		if errors.As(err, &refused) {
			if x.learnt.adapt(refused, fields, true) {
				continue
			}
			if more["temperature"] == nil && names(refused, "temperature") { // models that think take none
				if more == nil {
					more = map[string]any{}
				}
				more["temperature"] = 1
				continue
			}
		}
		if got != nil && got.Usage != nil {
			x.out.Tokens += got.Usage.PromptTokens + got.Usage.CompletionTokens
		}
		if err == nil && len(got.Choices) == 0 {
			err = fmt.Errorf("the reply has no alternatives")
		}
		return got, err
	}
}

// refused notes an ability whose try failed; it tells whether it did.
func (x *prober) refused(name string, err error) bool {
	var s *StatusError
	var u *core.UnservedError
	switch {
	case err == nil:
		return false
	case errors.As(err, &s) && (s.Status == 400 || s.Status == 404 || s.Status == 422 || s.Status == 501):
		x.found(name, Lacks, "%s", s.Message)
	case errors.As(err, &u):
		x.found(name, Lacks, "%v", u)
	default:
		x.found(name, Unclear, "%v", err)
	}
	return true
}

func said(text string) []core.Node { return []core.Node{{Role: core.RoleUser, Content: text}} }
