package server

import (
	"encoding/json"
	"fmt"

	"pawl/core"
)

// responses is POST /v1/responses. Nothing is remembered between requests: all that
// was said comes with each.
type responses struct{ openAI }

func (responses) parse(body []byte) (*ask, *problem) {
	f, a := readFields("", body), &ask{param: "input", n: 1}
	if f.bad != nil {
		return nil, f.bad
	}
	a.model, a.stream = f.text("model"), f.flag("stream")
	if v, ok := f.number("temperature", 0, 2); ok {
		a.options.Temperature = &v
	}
	if v, ok := f.number("top_p", 0, 1); ok && v < 1 {
		a.options.TopP = v
	}
	a.limit(f, "max_output_tokens")
	for _, name := range []string{"previous_response_id", "conversation", "prompt"} {
		if _, ok := f.take(name); ok {
			f.wrong(name, "%s: nothing is remembered between requests; send the whole input", name)
		}
	}
	if f.flag("background") {
		f.wrong("background", "background: answers are given at once")
	}
	if raw, ok := f.take("tools"); ok {
		a.options.Tools = flatTools(f, raw)
		f.all["tools"] = a.options.Tools
		a.tools(f)
	}
	if raw, ok := f.take("text"); ok {
		o := readFields("text.", raw)
		if format, there := o.take("format"); there {
			a.format(f, "text.format", format)
		}
		if rest := o.rest(); rest != nil {
			f.all["text"] = rest
		}
	}
	if string(f.all["truncation"]) == `"disabled"` {
		f.ignore("truncation")
	}
	f.ignore("include")
	var path []core.Node
	if text := f.text("instructions"); text != "" {
		path = append(path, core.Node{Role: core.RoleSystem, Content: text})
	}
	raw, ok := f.take("input")
	if !ok {
		f.wrong("input", "reading the request: input is missing")
		return nil, f.bad
	}
	var text string
	var items []json.RawMessage
	switch {
	case json.Unmarshal(raw, &text) == nil:
		path = append(path, core.Node{Role: core.RoleUser, Content: text})
	case json.Unmarshal(raw, &items) != nil || len(items) == 0:
		return nil, refuse("input", "input is %s; a string or a list of items is wanted", short(raw))
	}
	for i, item := range items {
		n, bad := inputItem(fmt.Sprintf("input[%d]", i), item)
		if bad != nil {
			return nil, bad
		}
		if k := len(path) - 1; n.Role == core.RoleAssistant && n.Content == "" && k >= 0 && path[k].Role == core.RoleAssistant {
			path[k].Data = joinCalls(path[k], n) // calls that were made in one turn
			continue
		}
		path = append(path, n)
	}
	a.prompts = [][]core.Node{path}
	return a.finish(f)
}

// inputItem makes a turn of an item.
func inputItem(at string, raw json.RawMessage) (core.Node, *problem) {
	var item struct {
		Type      string          `json:"type"`
		Role      string          `json:"role"`
		Content   json.RawMessage `json:"content"`
		CallID    string          `json:"call_id"`
		Name      string          `json:"name"`
		Arguments string          `json:"arguments"`
		Output    json.RawMessage `json:"output"`
	}
	if json.Unmarshal(raw, &item) != nil {
		return core.Node{}, refuse(at, "%s is %s; an item is wanted", at, short(raw))
	}
	switch {
	case item.Role != "" && (item.Type == "" || item.Type == "message"):
		return turn(at, marshal(map[string]any{"role": item.Role, "content": item.Content}))
	case item.Type == "function_call" && item.Name != "":
		return core.Node{Role: core.RoleAssistant, Data: marshal(map[string]any{"tool_calls": []any{
			map[string]any{"id": item.CallID, "type": "function", "function": map[string]any{"name": item.Name, "arguments": item.Arguments}},
		}})}, nil
	case item.Type == "function_call_output" && item.CallID != "":
		text, _, bad := contentOf(at+".output", item.Output)
		return core.Node{Role: core.RoleTool, Content: text, Data: marshal(map[string]any{"tool_call_id": item.CallID})}, bad
	}
	return core.Node{}, refuse(at+".type", "%s: an item of type %q is not understood here, or it lacks a field", at, item.Type)
}

func joinCalls(a, b core.Node) json.RawMessage {
	return marshal(map[string]any{"tool_calls": append(callsOf(a), callsOf(b)...)})
}

// flatTools puts tools in the form of chat completions.
func flatTools(f *fields, raw json.RawMessage) json.RawMessage {
	var list []map[string]json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		f.wrong("tools", "tools is %s; a list of tools is wanted", short(raw))
		return nil
	}
	tools := make([]any, len(list))
	for i, t := range list {
		if string(t["type"]) != `"function"` {
			f.wrong(fmt.Sprintf("tools[%d].type", i), "tools[%d]: a tool of type %s is not offered here; functions are", i, short(t["type"]))
		}
		delete(t, "type")
		tools[i] = map[string]any{"type": "function", "function": t}
	}
	return marshal(tools)
}

// response is the object; its output is empty while it is in progress.
func (h head) response(status string, output []any, usage any, more map[string]any) map[string]any {
	r := map[string]any{
		"id": "resp_" + h.id, "object": "response", "created_at": h.created, "status": status, "model": h.ask.model,
		"output": output, "usage": usage, "error": nil, "incomplete_details": nil, "instructions": nil, "metadata": map[string]any{},
		"parallel_tool_calls": true, "temperature": h.ask.options.Temperature, "top_p": nil, "tool_choice": "auto", "tools": []any{},
		"max_output_tokens": nil, "previous_response_id": nil, "store": false, "text": map[string]any{"format": map[string]any{"type": "text"}},
	}
	for k, v := range more {
		r[k] = v
	}
	return r
}

func (h head) message(status, text string, tokens []core.Token, done bool) map[string]any {
	content := []any{}
	if done {
		content = append(content, part(text))
	}
	return map[string]any{"type": "message", "id": "msg_" + h.id, "role": core.RoleAssistant, "status": status, "content": content}
}

func part(text string) map[string]any {
	return map[string]any{"type": "output_text", "text": text, "annotations": []any{}, "logprobs": []any{}}
}

func (h head) call(i int, status, id, name, arguments string) map[string]any {
	return map[string]any{"type": "function_call", "id": fmt.Sprintf("fc_%s_%d", h.id, i), "call_id": id, "name": name, "arguments": arguments, "status": status}
}

func responseUsage(u core.Usage) map[string]any {
	return map[string]any{
		"input_tokens": u.PromptTokens, "output_tokens": u.CompletionTokens, "total_tokens": u.Tokens(),
		"input_tokens_details": map[string]any{"cached_tokens": 0}, "output_tokens_details": map[string]any{"reasoning_tokens": 0},
	}
}

// done is the object of an answer that is complete.
func (r *result) done() map[string]any {
	c := r.choices[0]
	output := []any{}
	calls := callsOf(c.node)
	if c.node.Content != "" || calls == nil {
		output = append(output, r.message("completed", c.node.Content, c.tokens, true))
	}
	for i, raw := range calls {
		id, name, arguments := readCall(raw)
		output = append(output, r.call(i, "completed", id, name, arguments))
	}
	status, more := "completed", map[string]any{"pawl": c.pawl}
	if c.finish() == "length" {
		status, more["incomplete_details"] = "incomplete", map[string]any{"reason": "max_output_tokens"}
	}
	return r.response(status, output, responseUsage(r.usage), more)
}

func (responses) whole(r *result) any { return r.done() }

func (responses) stream(h head, e *events) teller { return &responseTeller{head: h, events: e} }

// responseTeller tells a response item by item: the message, then the calls, which
// are told whole.
type responseTeller struct {
	head
	events *events
	number int
	begun  bool
	spoken bool // the message was begun
	text   []byte
}

func (t *responseTeller) send(kind string, fields map[string]any) error {
	fields["type"], fields["sequence_number"] = kind, t.number
	t.number++
	return t.events.event(kind, fields)
}

func (t *responseTeller) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	r := t.response("in_progress", []any{}, nil, nil)
	if err := t.send("response.created", map[string]any{"response": r}); err != nil {
		return err
	}
	return t.send("response.in_progress", map[string]any{"response": r})
}

func (t *responseTeller) speak() error {
	if t.spoken {
		return nil
	}
	t.spoken = true
	if err := t.send("response.output_item.added", map[string]any{"output_index": 0, "item": t.message("in_progress", "", nil, false)}); err != nil {
		return err
	}
	return t.send("response.content_part.added", map[string]any{"item_id": "msg_" + t.id, "output_index": 0, "content_index": 0, "part": part("")})
}

func (t *responseTeller) delta(_ int, d core.Delta) error {
	if err := t.begin(); err != nil || d.Content == "" {
		return err
	}
	if err := t.speak(); err != nil {
		return err
	}
	t.text = append(t.text, d.Content...)
	return t.send("response.output_text.delta", map[string]any{"item_id": "msg_" + t.id, "output_index": 0, "content_index": 0, "delta": d.Content, "logprobs": []any{}})
}

func (t *responseTeller) end(r *result) error {
	c := r.choices[0]
	calls := callsOf(c.node)
	err := t.begin()
	if err == nil && calls == nil {
		err = t.speak() // an empty answer is one, too
	}
	if err != nil {
		return err
	}
	at := 0
	if t.spoken {
		at = 1
		text := string(t.text)
		place := func(more map[string]any) map[string]any {
			more["item_id"], more["output_index"], more["content_index"] = "msg_"+t.id, 0, 0
			return more
		}
		for _, e := range []struct {
			kind   string
			fields map[string]any
		}{
			{"response.output_text.done", place(map[string]any{"text": text, "logprobs": []any{}})},
			{"response.content_part.done", place(map[string]any{"part": part(text)})},
			{"response.output_item.done", map[string]any{"output_index": 0, "item": t.message("completed", text, nil, true)}},
		} {
			if err := t.send(e.kind, e.fields); err != nil {
				return err
			}
		}
	}
	for i, raw := range calls {
		if err := t.call(i, at+i, raw); err != nil {
			return err
		}
	}
	done := r.done()
	kind := "response.completed"
	if done["status"] == "incomplete" {
		kind = "response.incomplete"
	}
	return t.send(kind, map[string]any{"response": done})
}

func (t *responseTeller) call(i, at int, raw json.RawMessage) error {
	id, name, arguments := readCall(raw)
	item := t.head.call(i, "in_progress", id, name, "")
	if err := t.send("response.output_item.added", map[string]any{"output_index": at, "item": item}); err != nil {
		return err
	}
	if err := t.send("response.function_call_arguments.delta", map[string]any{"item_id": item["id"], "output_index": at, "delta": arguments}); err != nil {
		return err
	}
	if err := t.send("response.function_call_arguments.done", map[string]any{"item_id": item["id"], "output_index": at, "arguments": arguments, "name": name}); err != nil {
		return err
	}
	return t.send("response.output_item.done", map[string]any{"output_index": at, "item": t.head.call(i, "completed", id, name, arguments)})
}

func (t *responseTeller) fail(p *problem) error {
	if err := t.begin(); err != nil {
		return err
	}
	r := t.response("failed", []any{}, nil, map[string]any{"error": map[string]any{"code": p.code, "message": p.message}})
	return t.send("response.failed", map[string]any{"response": r})
}
