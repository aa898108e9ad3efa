package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
)

// sent is what of a turn's data servers are sent, in the names of OpenAI's
// messages. A caller's own turn, which has no seat, is sent as it came; of turns
// that seats took, what a chat needs to go on: other data is for others.
func sent(n core.Node) map[string]json.RawMessage {
	var d map[string]json.RawMessage
	if len(n.Data) == 0 || n.Data[0] != '{' || json.Unmarshal(n.Data, &d) != nil {
		return nil
	}
	for k, v := range d {
		kept := n.Actor == "" || k == "content" || k == "name" || k == "tool_call_id" || k == "tool_calls"
		if !kept || k == "role" || k == "logprobs" || k == "tools" || !present(v) || k == "content" && v[0] != '[' {
			delete(d, k)
		}
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
		for k, v := range sent(n) {
			m[k] = v // content, too, where it is parts
		}
		if m["tool_calls"] != nil && m["content"] == "" {
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
		if d := sent(n); d["tool_calls"] != nil || d["content"] != nil || n.Role == core.RoleTool {
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
	return last.Role == core.RoleAssistant && sent(last)["tool_calls"] == nil
}
