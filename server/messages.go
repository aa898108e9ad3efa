package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"pawl/core"
)

// messages is Anthropic's POST /v1/messages.
type messages struct{}

func (messages) fail(p *problem, request string) any { return p.anthropicError(request) }

func (messages) parse(body []byte) (*ask, *problem) {
	f, a := readFields("", body), &ask{param: "messages", n: 1}
	if f.bad != nil {
		return nil, f.bad
	}
	a.model, a.stream = f.text("model"), f.flag("stream")
	if v, ok := f.number("temperature", 0, 1); ok {
		a.options.Temperature = &v
	}
	if v, ok := f.number("top_p", 0, 1); ok && v < 1 {
		a.options.TopP = v
	}
	if a.limit(f, "max_tokens"); a.options.MaxTokens == 0 && f.bad == nil {
		return nil, &problem{status: http.StatusBadRequest, code: "missing_required_parameter", param: "max_tokens", message: "reading the request: max_tokens is missing"}
	}
	a.options.Stop = f.stops("stop_sequences")
	a.anthropicTools(f)
	if raw, ok := f.take("output_config"); ok { // structured output
		o := readFields("output_config.", raw)
		if format, there := o.take("format"); there {
			a.format(f, "output_config.format", format)
		}
		if rest := o.rest(); rest != nil {
			f.all["output_config"] = rest
		}
	}
	f.ignore("betas")
	var path []core.Node
	if raw, ok := f.take("system"); ok {
		text, _, bad := contentOf("system", raw)
		if bad != nil {
			return nil, bad
		}
		path = append(path, core.Node{Role: core.RoleSystem, Content: text})
	}
	var list []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if !f.into("messages", &list, "a list of messages") || len(list) == 0 {
		f.wrong("messages", "reading the request: messages is missing or empty")
	}
	for i, m := range list {
		nodes, bad := blocks(fmt.Sprintf("messages[%d]", i), m.Role, m.Content)
		if bad != nil {
			return nil, bad
		}
		path = append(path, nodes...)
	}
	a.prompts = [][]core.Node{path}
	return a.finish(f)
}

// anthropicTools puts tools and tool_choice in OpenAI's form, which is that of all
// models behind.
func (a *ask) anthropicTools(f *fields) {
	var list []struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Schema      json.RawMessage `json:"input_schema"`
	}
	if f.into("tools", &list, "a list of tools") && len(list) > 0 {
		tools := make([]map[string]any, len(list))
		for i, t := range list {
			if t.Name == "" || len(t.Schema) == 0 || t.Schema[0] != '{' || t.Type != "" && t.Type != "custom" {
				f.wrong(fmt.Sprintf("tools[%d]", i), `tools[%d] is not like {"name": ..., "input_schema": {...}}; tools that a server runs are not offered here`, i)
			}
			tools[i] = map[string]any{"type": "function", "function": map[string]any{"name": t.Name, "description": t.Description, "parameters": t.Schema}}
		}
		a.options.Tools = marshal(tools)
	}
	var choice struct {
		Type     string `json:"type"`
		Name     string `json:"name"`
		Disabled bool   `json:"disable_parallel_tool_use"`
	}
	if !f.into("tool_choice", &choice, "an object with a type") {
		return
	}
	if choice.Disabled {
		f.all["parallel_tool_calls"] = json.RawMessage("false")
	}
	switch choice.Type {
	case "auto":
	case "none":
		a.options.Tools = nil
	case "any":
		f.all["tool_choice"] = json.RawMessage(`"required"`)
	case "tool":
		f.all["tool_choice"] = marshal(map[string]any{"type": "function", "function": map[string]any{"name": choice.Name}})
	default:
		f.wrong("tool_choice.type", "tool_choice: the type is %q; it may be auto, any, tool or none", choice.Type)
	}
}

func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("server: " + err.Error()) // made of what was valid
	}
	return b
}

// blocks makes turns in OpenAI's form of a message of content blocks: the results of
// tools are turns of their own, before what else a user says.
func blocks(at, role string, raw json.RawMessage) ([]core.Node, *problem) {
	if role != core.RoleUser && role != core.RoleAssistant {
		return nil, refuse(at+".role", "reading %s: the role is %q; it may be user or assistant", at, role)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []core.Node{{Role: role, Content: text}}, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, refuse(at+".content", "%s.content is %s; a string or a list of blocks is wanted", at, short(raw))
	}
	var nodes []core.Node
	var texts []string
	var kept []any // the message part by part, in OpenAI's form
	var calls []any
	plain := true
	for i, item := range list {
		where := fmt.Sprintf("%s.content[%d]", at, i)
		var b struct {
			Type    string          `json:"type"`
			Text    string          `json:"text"`
			ID      string          `json:"id"`
			Name    string          `json:"name"`
			Input   json.RawMessage `json:"input"`
			Tool    string          `json:"tool_use_id"`
			Content json.RawMessage `json:"content"`
			Source  struct {
				Type, Data, URL string
				Media           string `json:"media_type"`
			} `json:"source"`
		}
		if json.Unmarshal(item, &b) != nil {
			return nil, refuse(where, "%s is %s; a content block is wanted", where, short(item))
		}
		switch {
		case b.Type == "text":
			texts, kept = append(texts, b.Text), append(kept, map[string]any{"type": "text", "text": b.Text})
		case b.Type == "tool_use" && role == core.RoleAssistant && b.Name != "" && len(b.Input) > 0:
			calls = append(calls, map[string]any{"id": b.ID, "type": "function", "function": map[string]any{"name": b.Name, "arguments": string(b.Input)}})
		case b.Type == "tool_result" && role == core.RoleUser && b.Tool != "":
			result := ""
			if len(b.Content) > 0 {
				var bad *problem
				if result, _, bad = contentOf(where+".content", b.Content); bad != nil {
					return nil, bad
				}
			}
			nodes = append(nodes, core.Node{Role: core.RoleTool, Content: result, Data: marshal(map[string]any{"tool_call_id": b.Tool})})
		case b.Type == "image" && (b.Source.URL != "" || b.Source.Data != ""):
			plain = false
			url := b.Source.URL
			if url == "" {
				url = "data:" + b.Source.Media + ";base64," + b.Source.Data
			}
			kept = append(kept, map[string]any{"type": "image_url", "image_url": map[string]any{"url": url}})
		case (b.Type == "thinking" || b.Type == "redacted_thinking") && role == core.RoleAssistant:
			// Models behind have no use for what another model thought.
		default:
			return nil, refuse(where+".type", "%s: a block of type %q is not understood here, or it lacks a field", where, b.Type)
		}
	}
	if texts == nil && kept == nil && calls == nil {
		if nodes == nil {
			return nil, refuse(at+".content", "%s.content is empty", at)
		}
		return nodes, nil
	}
	n, data := core.Node{Role: role, Content: strings.Join(texts, "\n")}, map[string]any{}
	if calls != nil {
		data["tool_calls"] = calls
	}
	if !plain {
		data["content"] = kept
	}
	if len(data) > 0 {
		n.Data = marshal(data)
	}
	return append(nodes, n), nil
}

// stopReason is Anthropic's.
func (c choice) stopReason() string {
	switch c.finish() {
	case "length":
		return "max_tokens"
	case "tool_calls":
		return "tool_use"
	}
	return "end_turn"
}

func anthropicUsage(u core.Usage) map[string]any {
	return map[string]any{"input_tokens": u.PromptTokens, "output_tokens": u.CompletionTokens}
}

func (messages) whole(r *result) any {
	c := r.choices[0]
	content := []map[string]any{}
	if c.node.Content != "" {
		content = append(content, map[string]any{"type": "text", "text": c.node.Content})
	}
	for _, raw := range callsOf(c.node) {
		id, name, arguments := readCall(raw)
		content = append(content, map[string]any{"type": "tool_use", "id": id, "name": name, "input": inputOf(arguments)})
	}
	return map[string]any{
		"id": "msg_" + r.id, "type": "message", "role": core.RoleAssistant, "model": r.ask.model, "content": content,
		"stop_reason": c.stopReason(), "stop_sequence": nil, "usage": anthropicUsage(r.usage), "pawl": c.pawl,
	}
}

// inputOf is what a call passes, as an object.
func inputOf(arguments string) json.RawMessage {
	if s := strings.TrimSpace(arguments); strings.HasPrefix(s, "{") && json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return json.RawMessage("{}")
}

func (messages) stream(h head, e *events) teller {
	return &messageTeller{head: h, events: e, block: -1}
}

// messageTeller tells a message block by block: text, then each tool call.
type messageTeller struct {
	head
	events *events
	begun  bool
	block  int            // the last that was begun; -1 for none
	open   bool           // it has not ended
	text   bool           // it is of text
	calls  map[int]string // the arguments of calls so far, by index
}

func (t *messageTeller) send(kind string, fields map[string]any) error {
	fields["type"] = kind
	return t.events.event(kind, fields)
}

func (t *messageTeller) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	return t.send("message_start", map[string]any{"message": map[string]any{
		"id": "msg_" + t.id, "type": "message", "role": core.RoleAssistant, "model": t.ask.model, "content": []any{},
		"stop_reason": nil, "stop_sequence": nil, "usage": anthropicUsage(core.Usage{}),
	}})
}

func (t *messageTeller) start(block map[string]any) error {
	if err := t.stop(); err != nil {
		return err
	}
	t.block++
	t.open, t.text = true, block["type"] == "text"
	return t.send("content_block_start", map[string]any{"index": t.block, "content_block": block})
}

func (t *messageTeller) stop() error {
	if !t.open {
		return nil
	}
	t.open = false
	return t.send("content_block_stop", map[string]any{"index": t.block})
}

func (t *messageTeller) delta(_ int, d core.Delta) error {
	if err := t.begin(); err != nil {
		return err
	}
	if d.Content != "" {
		if !t.open || !t.text {
			if err := t.start(map[string]any{"type": "text", "text": ""}); err != nil {
				return err
			}
		}
		if err := t.send("content_block_delta", map[string]any{"index": t.block, "delta": map[string]any{"type": "text_delta", "text": d.Content}}); err != nil {
			return err
		}
	}
	var list []struct {
		Index    int    `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	if len(d.ToolCalls) == 0 || json.Unmarshal(d.ToolCalls, &list) != nil {
		return nil
	}
	for _, c := range list {
		if t.calls == nil {
			t.calls = map[int]string{}
		}
		if _, known := t.calls[c.Index]; !known {
			t.calls[c.Index] = ""
			if err := t.start(map[string]any{"type": "tool_use", "id": c.ID, "name": c.Function.Name, "input": map[string]any{}}); err != nil {
				return err
			}
		}
		if c.Function.Arguments == "" {
			continue
		}
		if err := t.send("content_block_delta", map[string]any{"index": t.block, "delta": map[string]any{"type": "input_json_delta", "partial_json": c.Function.Arguments}}); err != nil {
			return err
		}
	}
	return nil
}

func (t *messageTeller) end(r *result) error {
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.stop(); err != nil {
		return err
	}
	c := r.choices[0]
	if err := t.send("message_delta", map[string]any{
		"delta": map[string]any{"stop_reason": c.stopReason(), "stop_sequence": nil}, "usage": anthropicUsage(r.usage), "pawl": c.pawl,
	}); err != nil {
		return err
	}
	return t.send("message_stop", map[string]any{})
}

func (t *messageTeller) fail(p *problem) error {
	return t.events.event("error", p.anthropicError(t.id))
}
