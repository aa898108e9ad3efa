package openai

import (
	"context"
	"encoding/json"
	"slices"

	"pawl/core"
)

func (x *prober) models(ctx context.Context) {
	const name = "list of models"
	var list modelList
	x.out.Calls++
	err := x.wire.get(ctx, x.base, "/models", &list)
	x.out.Kind = flavourOf(x.base, list)
	if x.refused(name, err) {
		return
	}
	for _, m := range list.Data {
		x.out.Models = append(x.out.Models, m.ID)
	}
	slices.Sort(x.out.Models)
	switch {
	case len(list.Data) == 0:
		x.found(name, Passes, "it is empty")
	case !slices.Contains(x.out.Models, x.name.Name):
		x.found(name, Has, "%d, and %s is not among them", len(list.Data), x.name.Name)
	default:
		x.found(name, Has, "%d, kind %s", len(list.Data), x.out.Kind)
	}
}

func (x *prober) answers(ctx context.Context) {
	name := x.out.Endpoint
	got, err := x.try(ctx, said("Reply with one word: yes or no. Is water wet?"), nil, nil)
	if err != nil {
		x.found(name, Lacks, "%v", err)
		return
	}
	n, err := got.Choices[0].node(got.PromptTokenIDs)
	if err != nil {
		x.found(name, Lacks, "%v", err)
		return
	}
	x.out.Answers = true
	x.found(name, Has, "%.40q", n.Content)
	if got.Usage == nil {
		x.found("usage", Lacks, "what calls use is estimated from their bytes")
	} else {
		x.found("usage", Has, "%d and %d tokens", got.Usage.PromptTokens, got.Usage.CompletionTokens)
	}
	if w := whole(n); w.Reasoning != "" {
		x.found("reasoning", Has, "%d bytes of it", len(w.Reasoning))
	} else {
		x.found("reasoning", Unclear, "it showed none")
	}
}

func (x *prober) system(ctx context.Context) {
	const name = "system turns"
	if x.plain {
		x.found(name, Lacks, "plain completions have no turns")
		return
	}
	path := append([]core.Node{{Role: core.RoleSystem, Content: "Be brief."}}, said("Say hi.")...)
	if _, err := x.try(ctx, path, nil, nil); !x.refused(name, err) {
		x.found(name, Has, "")
	}
}

func (x *prober) several(ctx context.Context) {
	const name = "several alternatives (n)"
	got, err := x.try(ctx, said("Name an animal."), map[string]any{"n": 2, "temperature": 1}, nil)
	switch {
	case x.refused(name, err):
	case len(got.Choices) < 2:
		x.found(name, Passes, "one came of two; each is asked for on its own")
	default:
		x.found(name, Has, "")
	}
}

func (x *prober) seed(ctx context.Context) {
	const name = "seeds"
	var texts []string
	for _, seed := range []int{1, 1, 2} {
		got, err := x.try(ctx, said("Write a sentence about anything you like."), map[string]any{"seed": seed, "temperature": 1}, nil)
		if x.refused(name, err) {
			return
		}
		n, err := got.Choices[0].node(nil)
		if x.refused(name, err) {
			return
		}
		texts = append(texts, n.Content)
	}
	switch {
	case texts[0] != texts[1]:
		x.found(name, Passes, "the same seed gave two answers; what is answered is kept, so that it is had again all the same")
	case texts[0] == texts[2]:
		x.found(name, Unclear, "every seed gave the same answer")
	default:
		x.found(name, Has, "the same seed gave the same answer")
	}
}

func (x *prober) logprobs(ctx context.Context) {
	const name, top = "log-probabilities", "likeliest alternatives"
	fields := map[string]any{}
	x.askLogprobs(fields, 2)
	delete(fields, "return_token_ids")
	got, err := x.try(ctx, said("Say hi."), fields, nil)
	if x.refused(name, err) {
		x.found(top, Lacks, "asked for together")
		return
	}
	var tokens []core.Token
	if c := got.Choices[0]; present(c.Logprobs) {
		tokens, err = tokensOf(c.Logprobs)
		if x.refused(name, err) {
			return
		}
	}
	if len(tokens) == 0 {
		x.found(name, Passes, "")
		x.found(top, Passes, "")
		return
	}
	x.found(name, Has, "")
	if len(tokens[0].Top) < 2 {
		x.found(top, Passes, "%d came of 2", len(tokens[0].Top))
		return
	}
	x.found(top, Has, "")
}

func (x *prober) tokenIDs(ctx context.Context) {
	const name = "token ids"
	got, err := x.try(ctx, said("Say hi."), map[string]any{"return_token_ids": true}, nil)
	switch {
	case x.refused(name, err):
	case len(got.Choices[0].TokenIDs) == 0:
		x.found(name, Passes, "")
	default:
		x.found(name, Has, "")
	}
}

// given tries the log-probabilities of a given text.
func (x *prober) given(ctx context.Context) {
	const name = "log-probabilities of a given text"
	path := append(said("Say hi."), core.Node{Role: core.RoleAssistant, Content: " Hi there"})
	if !x.plain {
		if kind := x.flavour(ctx); kind != flavourVLLM {
			x.found(name, Lacks, "chats of this kind of server do not tell; plain completions may (a base URL that ends with /completions)")
			return
		}
	}
	read := x.readChat
	if x.plain {
		read = x.readPlain
	}
	x.out.Calls++
	got, used, err := read(ctx, path, 0)
	x.out.Tokens += used.Tokens()
	if !x.refused(name, err) {
		x.found(name, Has, "%d tokens", len(got.Logprobs))
	}
}

func (x *prober) tools(ctx context.Context) {
	const name = "tools"
	if x.plain {
		x.found(name, Lacks, "plain completions have none")
		return
	}
	got, err := x.try(ctx, said("What is the weather in Oslo?"), map[string]any{
		"tools":       json.RawMessage(`[{"type":"function","function":{"name":"weather","description":"The weather in a city.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]`),
		"tool_choice": json.RawMessage(`{"type":"function","function":{"name":"weather"}}`),
		x.limit():     64,
	}, nil)
	if x.refused(name, err) {
		return
	}
	n, err := got.Choices[0].node(nil)
	switch {
	case x.refused(name, err):
	case sent(n)["tool_calls"] == nil:
		x.found(name, Passes, "the tool that it was told to call was not called")
	default:
		x.found(name, Has, "")
	}
}

func (x *prober) schema(ctx context.Context) {
	const name = "answers by a JSON schema"
	o := core.Options{Schema: json.RawMessage(`{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}`)}
	fields := map[string]any{}
	form, err := formOf(o)
	if err == nil {
		err = x.askForm(o, fields)
	}
	var got *reply
	if err == nil {
		got, err = x.try(ctx, said("Is water wet?"), fields, nil)
	}
	if x.refused(name, err) {
		return
	}
	n, err := got.Choices[0].node(nil)
	switch {
	case x.refused(name, err):
	case n.Finish != "stop":
		x.found(name, Unclear, "it ended with %q", n.Finish)
	case form.keeps(n) != nil:
		x.found(name, Passes, "%.40q", n.Content)
	default:
		x.found(name, Has, "")
	}
}

func (x *prober) streaming(ctx context.Context) {
	const name, usage = "streaming", "usage of streams"
	pieces := 0
	got, err := x.try(ctx, said("Count to five."), map[string]any{"stream": true, "stream_options": map[string]any{"include_usage": true}}, func(core.Delta) error { pieces++; return nil })
	if x.learnt.lacks("stream_options") {
		got, err = x.try(ctx, said("Count to five."), map[string]any{"stream": true}, func(core.Delta) error { pieces++; return nil })
	}
	switch {
	case x.refused(name, err):
		return
	case pieces < 2:
		x.found(name, Passes, "it came in %d piece", pieces)
	default:
		x.found(name, Has, "%d pieces", pieces)
	}
	if got.Usage == nil {
		x.found(usage, Lacks, "what streams use is estimated from their bytes")
	} else {
		x.found(usage, Has, "")
	}
}

// steering tells what is sent to a server of this kind and no other: nothing is
// asked.
func (x *prober) steering(ctx context.Context) {
	for _, c := range []struct {
		name string
		o    core.Options
	}{
		{"min_p", core.Options{MinP: 0.1}}, {"top_k", core.Options{TopK: 1}}, {"regex", core.Options{Regex: "a"}},
		{"grammar", core.Options{Grammar: `root ::= "a"`}}, {"logit biases by text", core.Options{BiasText: map[string]float64{"a": 1}}},
	} {
		if x.steer(ctx, c.o, map[string]any{}) == nil {
			x.found(c.name, Has, "as servers of kind %s do; not tried", x.out.Kind)
		} else {
			x.found(c.name, Lacks, "not known of servers of kind %s", x.out.Kind)
		}
	}
}
