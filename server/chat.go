package server

import (
	"encoding/json"
	"fmt"

	"pawl/core"
)

// dialect is a way to ask and to be answered.
type dialect interface {
	parse(body []byte) (*ask, *problem)
	whole(r *result) any                 // the reply, as JSON
	stream(h head, e *events) teller     // the reply, as it comes
	fail(p *problem, request string) any // an error, as JSON
}

// teller tells a reply as it comes. Its methods are not called at the same time.
type teller interface {
	delta(i int, d core.Delta) error // a piece of answer i
	end(r *result) error
	fail(p *problem) error
}

// openAI is what OpenAI's dialects share.
type openAI struct{}

func (openAI) fail(p *problem, _ string) any { return p.openAIError() }

// chat is POST /v1/chat/completions.
type chat struct{ openAI }

func (chat) parse(body []byte) (*ask, *problem) {
	f, a := readFields("", body), &ask{param: "messages"}
	if f.bad != nil {
		return nil, f.bad
	}
	a.sampling(f)
	a.limit(f, "max_tokens", "max_completion_tokens")
	a.options.Logprobs = f.flag("logprobs")
	if n, ok := f.whole("top_logprobs", 0, 20); ok && n > 0 {
		if a.options.TopLogprobs = n; !a.options.Logprobs {
			f.wrong("top_logprobs", "top_logprobs is %d, and logprobs is not true", n)
		}
	}
	a.tools(f)
	if raw, ok := f.take("response_format"); ok {
		a.format(f, "response_format", raw)
	}
	if string(f.all["modalities"]) == `["text"]` {
		f.ignore("modalities")
	}
	var list []json.RawMessage
	if !f.into("messages", &list, "a list of messages") || len(list) == 0 {
		f.wrong("messages", "reading the request: messages is missing or empty")
	}
	var path []core.Node
	for i, raw := range list {
		n, bad := turn(fmt.Sprintf("messages[%d]", i), raw)
		if bad != nil {
			return nil, bad
		}
		path = append(path, n)
	}
	a.prompts = [][]core.Node{path}
	return a.finish(f)
}

func (chat) whole(r *result) any {
	choices := make([]map[string]any, len(r.choices))
	for i, c := range r.choices {
		choices[i] = map[string]any{"index": i, "message": message(c.node), "finish_reason": c.finish(), "logprobs": logprobs(c.tokens)}
		if len(r.choices) > 1 {
			choices[i]["pawl"] = c.pawl
		}
	}
	return map[string]any{
		"id": "chatcmpl-" + r.id, "object": "chat.completion", "created": r.created, "model": r.ask.model,
		"choices": choices, "usage": usageOf(r.usage), "pawl": r.choices[0].pawl,
	}
}

// message is an answer as OpenAI has it, with what else the model said of it.
func message(n core.Node) map[string]any {
	m := map[string]any{}
	var data map[string]json.RawMessage
	if len(n.Data) > 0 && json.Unmarshal(n.Data, &data) == nil {
		for _, name := range []string{"tool_calls", "reasoning", "reasoning_content", "annotations", "audio"} {
			if v, ok := data[name]; ok {
				m[name] = v
			}
		}
	}
	m["role"], m["content"], m["refusal"] = core.RoleAssistant, n.Content, nil
	if v, ok := data["refusal"]; ok {
		m["refusal"] = v
	}
	if n.Content == "" && m["tool_calls"] != nil {
		m["content"] = nil
	}
	return m
}

func usageOf(u core.Usage) map[string]any {
	return map[string]any{"prompt_tokens": u.PromptTokens, "completion_tokens": u.CompletionTokens, "total_tokens": u.Tokens()}
}

func (chat) stream(h head, e *events) teller {
	return &chatTeller{head: h, events: e, begun: map[int]bool{}}
}

type chatTeller struct {
	head
	events *events
	begun  map[int]bool
}

func (t *chatTeller) chunk(choices []map[string]any) map[string]any {
	c := map[string]any{
		"id": "chatcmpl-" + t.id, "object": "chat.completion.chunk", "created": t.created, "model": t.ask.model, "choices": choices,
	}
	if t.ask.usage {
		c["usage"] = nil
	}
	return c
}

func (t *chatTeller) delta(i int, d core.Delta) error {
	delta := map[string]any{}
	if !t.begun[i] {
		t.begun[i], delta["role"], delta["content"] = true, core.RoleAssistant, ""
	}
	if d.Content != "" {
		delta["content"] = d.Content
	}
	if d.Reasoning != "" {
		delta["reasoning_content"] = d.Reasoning
	}
	if d.ToolCalls != nil {
		delta["tool_calls"] = d.ToolCalls
	}
	return t.events.data(t.chunk([]map[string]any{{"index": i, "delta": delta, "finish_reason": nil, "logprobs": logprobs(d.Tokens)}}))
}

func (t *chatTeller) end(r *result) error {
	for i, c := range r.choices {
		last := t.chunk([]map[string]any{{"index": i, "delta": map[string]any{}, "finish_reason": c.finish(), "logprobs": nil}})
		last["pawl"] = c.pawl
		if err := t.events.data(last); err != nil {
			return err
		}
	}
	if t.ask.usage {
		last := t.chunk([]map[string]any{})
		last["usage"] = usageOf(r.usage)
		if err := t.events.data(last); err != nil {
			return err
		}
	}
	return t.events.done()
}

func (t *chatTeller) fail(p *problem) error { return t.events.data(p.openAIError()) }
