package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pawl/core"
	"pawl/world/countdown"
)

// row is a JSON object by its fields; null fields are left out.
type row map[string]json.RawMessage

func parseRow(raw []byte) (row, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("the row is not UTF-8 text")
	}
	if len(raw) == 0 {
		return nil, errors.New("the row is empty")
	}
	if raw[0] != '{' && json.Valid(raw) {
		return nil, fmt.Errorf("a row is a JSON object, this one is %s", kindOf(raw))
	}
	var r row
	if err := json.Unmarshal(raw, &r); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("the row is not JSON: column %d: %w", syntax.Offset, err)
		}
		return nil, fmt.Errorf("the row is not JSON: %w", err)
	}
	for k, v := range r {
		if string(v) == "null" {
			delete(r, k)
		}
	}
	return r, nil
}

// kindOf names the kind of a JSON value.
func kindOf(raw json.RawMessage) string {
	switch c := bytes.TrimSpace(raw); {
	case len(c) == 0:
		return "nothing"
	case c[0] == '{':
		return "an object"
	case c[0] == '[':
		return "a list"
	case c[0] == '"':
		return "text"
	case c[0] == 't' || c[0] == 'f':
		return "true or false"
	case c[0] == 'n':
		return "null"
	case c[0] == '-' || c[0] >= '0' && c[0] <= '9':
		return "a number"
	default:
		return fmt.Sprintf("%.20q", c)
	}
}

// text is a field as text; numbers and truth values are taken as written.
func (r row) text(field string) (string, error) {
	raw, ok := r[field]
	if !ok {
		return "", nil
	}
	switch kindOf(raw) {
	case "text":
		var s string
		return s, json.Unmarshal(raw, &s)
	case "a number", "true or false":
		return string(raw), nil
	}
	return "", bad(field, "wants text or a number, not %s", kindOf(raw))
}

// maxID is the longest id, in bytes.
const maxID = 512

// task turns a row into a task. The id may be empty still.
func (r row) task() (core.Task, error) {
	var t core.Task
	var err error
	if t.ID, err = r.text("id"); err != nil {
		return t, err
	}
	if _, ok := r["id"]; ok && strings.TrimSpace(t.ID) == "" {
		return t, bad("id", "is empty; leave it out instead")
	}
	// Ids are printed, compared and stored with every attempt.
	if len(t.ID) > maxID {
		return t, bad("id", "has %d bytes; at most %d are allowed", len(t.ID), maxID)
	}
	if strings.ContainsFunc(t.ID, unicode.IsControl) {
		return t, bad("id", "%.60q has a control character; leave it out", t.ID)
	}
	ref, err := r.reference()
	if err != nil {
		return t, err
	}
	t.Prompt, err = r.prompt(ref)
	if err != nil {
		return t, err
	}
	t.Reference, err = ref.encode()
	return t, err
}

// promptFields are the names under which rows have their prompt.
var promptFields = []string{"prompt", "question", "problem", "messages"}

// prompt reads the first of the prompt's fields. It may move a last assistant
// message to the reference, and make the prompt of a puzzle.
func (r row) prompt(ref *reference) ([]core.Node, error) {
	for _, field := range promptFields {
		raw, ok := r[field]
		if !ok {
			continue
		}
		if kindOf(raw) == "a list" {
			return readMessages(field, raw, ref)
		}
		if kindOf(raw) != "text" || field == "messages" {
			return nil, bad(field, "wants %s, not %s", map[bool]string{true: "a list of messages", false: "text"}[field == "messages"], kindOf(raw))
		}
		text, err := r.text(field)
		if err == nil && strings.TrimSpace(text) == "" {
			err = bad(field, "is empty")
		}
		return []core.Node{{Role: core.RoleUser, Content: text}}, err
	}
	if len(ref.Numbers) > 0 {
		return []core.Node{{Role: core.RoleUser, Content: countdown.Prompt(ref.Numbers, *ref.Target)}}, nil
	}
	return nil, bad("prompt", "is missing; a row needs one of prompt, question, problem or messages")
}

// readMessages reads a chat. Content is text, or a list of text parts.
func readMessages(field string, raw json.RawMessage, ref *reference) ([]core.Node, error) {
	var list []struct {
		Role    string
		Content json.RawMessage
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, bad(field, "wants a list of {role, content}")
	}
	var nodes []core.Node
	for i, m := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch m.Role {
		case core.RoleSystem, core.RoleUser, core.RoleAssistant, core.RoleTool:
		default:
			return nil, bad(at+".role", "%.40q is none of system, user, assistant, tool", m.Role)
		}
		text, ok := messageText(m.Content)
		if !ok {
			return nil, bad(at+".content", "wants text, not %s", kindOf(m.Content))
		}
		nodes = append(nodes, core.Node{Role: m.Role, Content: text})
	}
	if n := len(nodes); n > 0 && nodes[n-1].Role == core.RoleAssistant {
		if ref.Solution == "" {
			ref.Solution = nodes[n-1].Content
			if _, answer, ok := cutAnswer(ref.Solution); ok && ref.Answer == "" {
				ref.Answer = answer
			}
		}
		nodes = nodes[:n-1]
	}
	for _, n := range nodes {
		if n.Role == core.RoleUser && strings.TrimSpace(n.Content) != "" {
			return nodes, nil
		}
	}
	return nil, bad(field, "has no message of the user's to answer")
}

func messageText(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 {
		return text, true
	}
	var parts []struct{ Type, Text string }
	if len(raw) == 0 || json.Unmarshal(raw, &parts) != nil {
		return "", false
	}
	for _, p := range parts {
		if p.Type != "text" {
			return "", false
		}
		text += p.Text
	}
	return text, true
}
