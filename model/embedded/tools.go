package embedded

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pawl/core"
	"pawl/model/jinja"
)

// turnData is what Node.Data says of a turn to chat templates, in the names of
// OpenAI's messages. Other data is for others.
type turnData struct {
	ToolCalls  []toolCall      `json:"tool_calls,omitempty"`   // of an assistant turn
	ToolCallID string          `json:"tool_call_id,omitempty"` // of a tool's turn: the call that it answers
	Name       string          `json:"name,omitempty"`         // ... and the tool
	Tools      json.RawMessage `json:"tools,omitempty"`        // of a sampled turn: the tools that were offered
}

type toolCall struct {
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"` // an object, or a string that spells one
	} `json:"function"`
}

func dataOf(n core.Node) turnData {
	var d turnData
	if len(n.Data) == 0 || n.Data[0] != '{' || json.Unmarshal(n.Data, &d) != nil {
		return turnData{}
	}
	return d
}

// answers tells whether a turn is an answer of the model: one whose tokens are
// its own. A turn with tool calls that was not sampled is spelt by the template,
// as context.
func answers(n core.Node) bool {
	return n.Role == core.RoleAssistant && (n.TokenIDs != nil || len(dataOf(n).ToolCalls) == 0)
}

// message is a turn as templates read it.
func message(n core.Node, content string) (jinja.Dict, error) {
	m := jinja.Dict{{Key: "role", Value: n.Role}, {Key: "content", Value: content}}
	d := dataOf(n)
	if n.Role == core.RoleTool {
		if d.Name != "" {
			m = append(m, jinja.Pair{Key: "name", Value: d.Name})
		}
		if d.ToolCallID != "" {
			m = append(m, jinja.Pair{Key: "tool_call_id", Value: d.ToolCallID})
		}
	}
	if n.Role != core.RoleAssistant || answers(n) {
		return m, nil
	}
	var calls []any
	for i, c := range d.ToolCalls {
		arguments, err := c.arguments()
		if err != nil {
			return nil, fmt.Errorf("tool call %d: %w", i+1, err)
		}
		call := jinja.Dict{{Key: "type", Value: "function"}, {Key: "function", Value: jinja.Dict{{Key: "name", Value: c.Function.Name}, {Key: "arguments", Value: arguments}}}}
		if c.ID != "" {
			call = append(jinja.Dict{{Key: "id", Value: c.ID}}, call...)
		}
		calls = append(calls, call)
	}
	return append(m, jinja.Pair{Key: "tool_calls", Value: calls}), nil
}

// arguments is the object that the call passes. OpenAI's messages have it as a
// string, templates as an object.
func (c toolCall) arguments() (json.RawMessage, error) {
	raw := bytes.TrimSpace(c.Function.Arguments)
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		raw = []byte(strings.TrimSpace(text))
	}
	switch {
	case c.Function.Name == "":
		return nil, fmt.Errorf("the function has no name")
	case len(raw) == 0:
		return json.RawMessage(`{}`), nil
	case raw[0] != '{' || !json.Valid(raw):
		return nil, fmt.Errorf("the arguments of %s are no JSON object", c.Function.Name)
	}
	return raw, nil
}

// offer checks the tools of options, a list in OpenAI's form, and gives nil for
// none. A template without a place for them cannot tell the model.
func (t *text) offer(tools json.RawMessage) (json.RawMessage, error) {
	tools = bytes.TrimSpace(tools)
	if len(tools) == 0 || string(tools) == "null" {
		return nil, nil
	}
	var list []struct {
		Function *struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if err := json.Unmarshal(tools, &list); err != nil {
		return nil, fmt.Errorf("tools: a list of functions is wanted: %w", err)
	}
	for i, tool := range list {
		if tool.Function == nil || tool.Function.Name == "" {
			return nil, fmt.Errorf(`tools: item %d is not like {"type": "function", "function": {"name": ...}}`, i)
		}
	}
	switch {
	case len(list) == 0:
		return nil, nil
	case t.jinja == nil:
		return nil, fmt.Errorf("tools: the model has no chat template that could tell it of them")
	case t.toolUse == nil && !t.jinja.jinja.Reads("tools"):
		return nil, fmt.Errorf("tools: the model's chat template has no place for them")
	}
	return tools, nil
}

// offered is what tools the path's last sampled turn was offered, else those of
// the seat.
func offered(path []core.Node, seat json.RawMessage) json.RawMessage {
	for _, n := range slices.Backward(path) {
		if n.TokenIDs != nil && n.Role == core.RoleAssistant {
			return dataOf(n).Tools
		}
	}
	return seat
}

// offering is the data of a turn sampled with tools: what trains on it later has
// only the path to render its prompt from.
func offering(tools json.RawMessage) json.RawMessage {
	if tools == nil {
		return nil
	}
	b, err := json.Marshal(turnData{Tools: tools})
	if err != nil {
		panic("embedded: " + err.Error()) // they were valid
	}
	return b
}
