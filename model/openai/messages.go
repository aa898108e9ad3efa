package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
)

// turnData is what Node.Data says of a turn to servers, in the names of OpenAI's
// messages. Other data is for others, and is not sent.
type turnData struct {
	Content    json.RawMessage            `json:"content,omitempty"`      // a list of parts, as texts with images are: sent in place of Node.Content
	Name       json.RawMessage            `json:"name,omitempty"`         // who speaks
	ToolCallID json.RawMessage            `json:"tool_call_id,omitempty"` // of a tool's turn: the call that it answers
	ToolCalls  json.RawMessage            `json:"tool_calls,omitempty"`   // of an assistant's turn
	Message    map[string]json.RawMessage `json:"message,omitempty"`      // fields of a client's message that have no name here
}

func dataOf(n core.Node) turnData {
	var d turnData
	if len(n.Data) == 0 || n.Data[0] != '{' || json.Unmarshal(n.Data, &d) != nil {
		return turnData{}
	}
	return d
}

// messages are a path as a chat has it.
func messages(path []core.Node) []map[string]any {
	list := make([]map[string]any, len(path))
	for i, n := range path {
		m := map[string]any{"role": n.Role, "content": n.Content}
		if n.Role == "" {
			m["role"] = core.RoleUser
		}
		d := dataOf(n)
		for k, v := range d.Message {
			if k != "role" && k != "content" {
				m[k] = v
			}
		}
		for k, v := range map[string]json.RawMessage{"name": d.Name, "tool_call_id": d.ToolCallID, "tool_calls": d.ToolCalls} {
			if len(v) > 0 && string(v) != "null" {
				m[k] = v
			}
		}
		if len(d.Content) > 0 && d.Content[0] == '[' {
			m["content"] = d.Content
		} else if m["tool_calls"] != nil && n.Content == "" {
			m["content"] = nil // some servers refuse an empty text there
		}
		list[i] = m
	}
	return list
}

// prompt is a path as plain text: the contents follow each other as they are.
func prompt(path []core.Node) (string, error) {
	var b strings.Builder
	for i, n := range path {
		d := dataOf(n)
		if len(d.ToolCalls) > 0 || len(d.Content) > 0 || n.Role == core.RoleTool {
			return "", fmt.Errorf("turn %d has tool calls or parts, which plain completions cannot say; ask the chat endpoint", i+1)
		}
		b.WriteString(n.Content)
	}
	return b.String(), nil
}

// begun tells whether a path ends in a turn of the answerer, which it is to go on
// with.
func begun(path []core.Node) bool {
	if len(path) == 0 {
		return false
	}
	last := path[len(path)-1]
	return last.Role == core.RoleAssistant && len(dataOf(last).ToolCalls) == 0
}
