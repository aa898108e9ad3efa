package server

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
)

// turn makes a node of a message in OpenAI's form. The content is its text. Data is
// what else the message has, under its own names: tool_calls, tool_call_id, name;
// and content itself, part by part, where it is more than text. A model that others
// serve gets the message back as it came.
func turn(at string, raw json.RawMessage) (core.Node, *problem) {
	f := readFields(at+".", raw)
	n := core.Node{Role: f.text("role")}
	if n.Role == "developer" {
		n.Role = core.RoleSystem
	}
	content, given := f.take("content")
	if f.bad != nil {
		return n, f.bad
	}
	switch n.Role {
	case core.RoleSystem, core.RoleUser, core.RoleAssistant, core.RoleTool:
	case "":
		return n, refuse(at+".role", "reading %s: role is missing", at)
	default:
		return n, refuse(at+".role", "reading %s: the role is %q; it may be system, developer, user, assistant or tool", at, n.Role)
	}
	calls, called := f.all["tool_calls"]
	if called {
		if err := checkCalls(calls); err != nil {
			return n, refuse(at+".tool_calls", "reading %s: %s", at, err)
		}
	}
	if !given && !(n.Role == core.RoleAssistant && len(f.all) > 0) {
		return n, refuse(at+".content", "reading %s: content is missing", at)
	}
	if given {
		text, plain, bad := contentOf(at+".content", content)
		if bad != nil {
			return n, bad
		}
		n.Content = text
		if !plain {
			f.all["content"] = content
		}
	}
	if n.Role == core.RoleTool {
		if _, ok := f.all["tool_call_id"]; !ok {
			return n, refuse(at+".tool_call_id", "reading %s: a tool's turn says by tool_call_id which call it answers", at)
		}
	}
	n.Data = f.rest()
	return n, nil
}

// contentOf reads a string or a list of parts; plain tells that it is text alone.
func contentOf(at string, raw json.RawMessage) (text string, plain bool, bad *problem) {
	if json.Unmarshal(raw, &text) == nil {
		return text, true, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return "", false, refuse(at, "%s is %s; a string or a list of parts is wanted", at, short(raw))
	}
	plain = true
	var texts []string
	for i, item := range list {
		var p struct {
			Type    string  `json:"type"`
			Text    *string `json:"text"`
			Refusal *string `json:"refusal"`
		}
		if json.Unmarshal(item, &p) != nil || p.Type == "" {
			return "", false, refuse(fmt.Sprintf("%s[%d]", at, i), "%s[%d] is %s; an object with a type is wanted", at, i, short(item))
		}
		switch {
		case p.Text != nil && (p.Type == "text" || p.Type == "input_text" || p.Type == "output_text"):
			texts = append(texts, *p.Text)
		case p.Refusal != nil && p.Type == "refusal":
			texts = append(texts, *p.Refusal)
		default:
			plain = false
		}
	}
	return strings.Join(texts, "\n"), plain, nil
}

// call is a tool call in OpenAI's form.
type call struct {
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

func checkCalls(raw json.RawMessage) error {
	var list []call
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("tool_calls is %s; a list of calls is wanted", short(raw))
	}
	for i, c := range list {
		if c.Type != "custom" && c.Function.Name == "" {
			return fmt.Errorf("tool_calls[%d]: the function has no name", i)
		}
	}
	return nil
}

// callsOf are the tool calls of an answer; nil for none.
func callsOf(n core.Node) []json.RawMessage {
	var d struct {
		ToolCalls []json.RawMessage `json:"tool_calls"`
	}
	if len(n.Data) == 0 || json.Unmarshal(n.Data, &d) != nil {
		return nil
	}
	return d.ToolCalls
}

// readCall reads one of them; its arguments are the text of an object.
func readCall(raw json.RawMessage) (id, name, arguments string) {
	var c call
	if json.Unmarshal(raw, &c) != nil {
		return "", "", ""
	}
	if json.Unmarshal(c.Function.Arguments, &arguments) != nil {
		arguments = string(c.Function.Arguments)
	}
	return c.ID, c.Function.Name, arguments
}

// tools checks the list of tools, in OpenAI's form, and what is to be called.
func (a *ask) tools(f *fields) {
	raw, ok := f.take("tools")
	if ok {
		if bad := checkTools(raw); bad != nil && f.bad == nil {
			f.bad = bad
		}
		a.options.Tools = raw
	}
	if choice, there := f.all["tool_choice"]; there {
		switch string(choice) {
		case `"none"`:
			a.options.Tools = nil
			f.ignore("tool_choice")
		case `"auto"`:
			f.ignore("tool_choice")
		}
	}
	if string(f.all["parallel_tool_calls"]) == "true" || a.options.Tools == nil {
		f.ignore("parallel_tool_calls")
	}
}

func checkTools(raw json.RawMessage) *problem {
	var list []struct {
		Type     string `json:"type"`
		Function *struct {
			Name       string          `json:"name"`
			Parameters json.RawMessage `json:"parameters"`
		} `json:"function"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return refuse("tools", "tools is %s; a list of tools is wanted", short(raw))
	}
	for i, t := range list {
		at := fmt.Sprintf("tools[%d]", i)
		if t.Type != "" && t.Type != "function" {
			continue // a kind that the server of the model may know
		}
		if t.Function == nil || t.Function.Name == "" {
			return refuse(at+".function.name", `%s is not like {"type": "function", "function": {"name": ...}}`, at)
		}
		if p := t.Function.Parameters; len(p) > 0 && p[0] != '{' && string(p) != "null" {
			return refuse(at+".function.parameters", "%s: parameters is %s; a JSON schema, which is an object, is wanted", at, short(p))
		}
	}
	return nil
}

// format takes response_format, or what responses have in its place.
func (a *ask) format(f *fields, at string, raw json.RawMessage) {
	var o struct {
		Type       string          `json:"type"`
		Schema     json.RawMessage `json:"schema"`
		JSONSchema *struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	}
	if json.Unmarshal(raw, &o) != nil {
		f.wrong(at, "%s is %s; an object with a type is wanted", at, short(raw))
		return
	}
	switch o.Type {
	case "text":
	case "json_object":
		a.options.Schema = json.RawMessage(`{"type":"object"}`)
	case "json_schema":
		a.options.Schema = o.Schema
		if o.JSONSchema != nil {
			a.options.Schema = o.JSONSchema.Schema
		}
		if len(a.options.Schema) == 0 || a.options.Schema[0] != '{' {
			f.wrong(at+".json_schema.schema", "%s: the schema is missing", at)
		}
	default:
		f.wrong(at+".type", "%s: the type is %q; it may be text, json_object or json_schema", at, o.Type)
	}
}
