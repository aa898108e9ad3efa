package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
)

// assembly puts the pieces of a streamed answer together to the reply that would
// have come whole.
type assembly struct {
	plain    bool // pieces of a text, not of a message
	content  strings.Builder
	texts    map[string]*strings.Builder // further texts of the message that grow
	fields   map[string]json.RawMessage  // all else: the last counts
	calls    []*pieceCall
	logprobs logprobPieces
	ids      []int32
	prompt   []int32
	finish   *string
	usage    *usage
	begun    bool
}

// logprobPieces are log-probabilities in either form, unread.
type logprobPieces struct {
	Content       []json.RawMessage `json:"content,omitempty"`
	Tokens        []json.RawMessage `json:"tokens,omitempty"`
	TokenLogprobs []json.RawMessage `json:"token_logprobs,omitempty"`
	TopLogprobs   []json.RawMessage `json:"top_logprobs,omitempty"`
}

// pieceCall is a tool call as far as it has come.
type pieceCall struct {
	index     int
	fields    map[string]json.RawMessage
	function  map[string]json.RawMessage
	arguments strings.Builder
}

// streamError is an error that a server reports in its stream.
type streamError struct{ message string }

func (e *streamError) Error() string { return "the server reports an error: " + e.message }

// piece is one event of a stream.
type piece struct {
	Error   json.RawMessage `json:"error"`
	Choices []struct {
		Index          int                        `json:"index"`
		Delta          map[string]json.RawMessage `json:"delta"`
		Text           *string                    `json:"text"`
		Finish         *string                    `json:"finish_reason"`
		Logprobs       *logprobPieces             `json:"logprobs"`
		TokenIDs       []int32                    `json:"token_ids"`
		PromptTokenIDs []int32                    `json:"prompt_token_ids"`
	} `json:"choices"`
	PromptTokenIDs []int32 `json:"prompt_token_ids"`
	Usage          *usage  `json:"usage"`
}

// add takes an event and gives what it tells, nil for nothing.
func (s *assembly) add(data []byte) (*core.Delta, error) {
	var p piece
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, &streamError{fmt.Sprintf("an event that is no JSON: %v", err)}
	}
	if present(p.Error) {
		var e StatusError
		e.read(data)
		return nil, &streamError{e.Message}
	}
	if p.Usage != nil && p.Usage.PromptTokens >= 0 && p.Usage.CompletionTokens >= 0 {
		s.usage = p.Usage // some servers tell it with every piece; the last is whole
	}
	if s.prompt == nil {
		s.prompt = p.PromptTokenIDs
	}
	var d core.Delta
	for _, c := range p.Choices {
		if c.Index != 0 {
			continue
		}
		s.begun = true
		if c.Finish != nil && *c.Finish != "" {
			s.finish = c.Finish
		}
		if s.prompt == nil {
			s.prompt = c.PromptTokenIDs
		}
		s.ids = append(s.ids, c.TokenIDs...)
		if c.Text != nil {
			s.plain = true
			s.content.WriteString(*c.Text)
			d.Content += *c.Text
		}
		if err := s.message(c.Delta, &d); err != nil {
			return nil, &streamError{err.Error()}
		}
		if c.Logprobs != nil {
			if err := s.logprobs.add(*c.Logprobs, &d); err != nil {
				return nil, &streamError{err.Error()}
			}
		}
	}
	if d.Content == "" && d.Reasoning == "" && d.ToolCalls == nil && d.Logprobs == nil {
		return nil, nil
	}
	return &d, nil
}

// growing are the texts of a message, beside its content, that come bit by bit.
var growing = map[string]bool{"reasoning_content": true, "reasoning": true, "thinking": true, "refusal": true}

// message takes the fields of a piece of a message.
func (s *assembly) message(fields map[string]json.RawMessage, d *core.Delta) error {
	for _, k := range sortedKeys(fields) {
		v := fields[k]
		if !present(v) || k == "role" {
			continue
		}
		if k == "tool_calls" {
			d.ToolCalls = v
			if err := s.toolCalls(v); err != nil {
				return err
			}
			continue
		}
		var text string
		isText := json.Unmarshal(v, &text) == nil
		switch {
		case k == "content":
			if !isText {
				return fmt.Errorf("the content of a piece is no text")
			}
			s.content.WriteString(text)
			d.Content += text
		case isText && growing[k]:
			if k == "reasoning_content" || k == "reasoning" && d.Reasoning == "" {
				d.Reasoning += text
			}
			if s.texts == nil {
				s.texts = map[string]*strings.Builder{}
			}
			if s.texts[k] == nil {
				s.texts[k] = &strings.Builder{}
			}
			s.texts[k].WriteString(text)
		default:
			if s.fields == nil {
				s.fields = map[string]json.RawMessage{}
			}
			s.fields[k] = bytes.Clone(v)
		}
	}
	return nil
}

// toolCalls takes pieces of calls: arguments grow, all else comes once.
func (s *assembly) toolCalls(raw json.RawMessage) error {
	var list []struct {
		Index    *int                       `json:"index"`
		Function map[string]json.RawMessage `json:"function"`
	}
	var all []map[string]json.RawMessage
	if json.Unmarshal(raw, &list) != nil || json.Unmarshal(raw, &all) != nil {
		return fmt.Errorf("the tool calls of a piece are in no known form")
	}
	for i, p := range list {
		index := i
		if p.Index != nil {
			index = *p.Index
		}
		var call *pieceCall
		for _, c := range s.calls {
			if c.index == index {
				call = c
			}
		}
		if call == nil {
			call = &pieceCall{index: index, fields: map[string]json.RawMessage{}, function: map[string]json.RawMessage{}}
			s.calls = append(s.calls, call)
		}
		for k, v := range all[i] {
			if k != "index" && k != "function" && present(v) {
				call.fields[k] = bytes.Clone(v)
			}
		}
		for k, v := range p.Function {
			var text string
			if k == "arguments" && json.Unmarshal(v, &text) == nil {
				call.arguments.WriteString(text)
			} else if k != "arguments" && present(v) {
				call.function[k] = bytes.Clone(v)
			}
		}
	}
	return nil
}

func (l *logprobPieces) add(p logprobPieces, d *core.Delta) error {
	l.Content = append(l.Content, p.Content...)
	l.Tokens = append(l.Tokens, p.Tokens...)
	l.TokenLogprobs = append(l.TokenLogprobs, p.TokenLogprobs...)
	l.TopLogprobs = append(l.TopLogprobs, p.TopLogprobs...)
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	more, err := tokensOf(raw)
	d.Tokens = append(d.Tokens, more...)
	d.Logprobs = append(d.Logprobs, logprobsOf(more)...)
	return err
}

// finished tells whether the answer said how it ended.
func (s *assembly) finished() bool { return s.finish != nil }

// reply is what the pieces come to.
func (s *assembly) reply() (*reply, error) {
	r := &reply{Usage: s.usage, PromptTokenIDs: s.prompt}
	if !s.begun {
		return r, nil
	}
	c := choice{Finish: s.finish, TokenIDs: s.ids}
	text := s.content.String()
	if s.plain {
		c.Text = &text
	} else {
		m := map[string]any{"content": text}
		for k, v := range s.fields {
			m[k] = v
		}
		for k, v := range s.texts {
			m[k] = v.String()
		}
		if len(s.calls) > 0 {
			m["tool_calls"] = s.whole()
		}
		var err error
		if c.Message, err = json.Marshal(m); err != nil {
			return nil, junk("", err)
		}
	}
	if l := s.logprobs; l.Content != nil || l.TokenLogprobs != nil {
		var err error
		if c.Logprobs, err = json.Marshal(l); err != nil {
			return nil, junk("", err)
		}
	}
	r.Choices = []choice{c}
	return r, nil
}

// whole are the tool calls, complete.
func (s *assembly) whole() []map[string]any {
	list := make([]map[string]any, len(s.calls))
	for i, c := range s.calls {
		f := map[string]any{"arguments": c.arguments.String()}
		for k, v := range c.function {
			f[k] = v
		}
		list[i] = map[string]any{"function": f, "type": "function"}
		for k, v := range c.fields {
			list[i][k] = v
		}
	}
	return list
}
