package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"pawl/core"
)

// Stream is Act of one alternative, told as it comes. What is known already is
// told at once. An attempt that fails after it told something is not made again:
// its listener cannot unhear it.
func (a *actor) Stream(ctx context.Context, r core.Request, sink func(core.Delta) error) (core.Node, error) {
	if r.N != 1 {
		return core.Node{}, fmt.Errorf("streaming as %s: %d alternatives; one at a time can be told", a.seat, r.N)
	}
	if err := ctx.Err(); err != nil {
		return core.Node{}, err
	}
	r = a.canonical(r)
	form, err := formOf(r.Options)
	if err != nil {
		return core.Node{}, a.unserved("%w", err)
	}
	told := false
	tell := func(d core.Delta) error {
		told = true
		return sink(d)
	}
	bought, err := a.payer.Pay(ctx, a.purchase(r, 0, 1), func(ctx context.Context, want []int) (core.Sent, error) {
		sent, err := a.send(ctx, r, r.First, want, form, tell)
		if e := (*core.SendError)(nil); told && errors.As(err, &e) {
			e.Again = false
		}
		return sent, err
	})
	if err != nil {
		return core.Node{}, fmt.Errorf("sampling as %s: %w", a.seat, err)
	}
	nodes, err := a.nodes(bought)
	if err != nil {
		return core.Node{}, err
	}
	if !told { // known before, or bought by another caller at the same time
		if err := sink(whole(nodes[0])); err != nil {
			return core.Node{}, err
		}
	}
	return nodes[0], nil
}

// whole is an answer in one piece.
func whole(n core.Node) core.Delta {
	d := core.Delta{Content: n.Content, Logprobs: n.Logprobs}
	var data struct {
		ToolCalls []map[string]any `json:"tool_calls"`
		Logprobs  json.RawMessage  `json:"logprobs"`
		thoughts
	}
	if json.Unmarshal(n.Data, &data) != nil {
		return d
	}
	d.Reasoning = data.text()
	if present(data.Logprobs) {
		d.Tokens, _ = tokensOf(data.Logprobs) // read before, into Node.Logprobs
	}
	if len(data.ToolCalls) > 0 {
		for i, c := range data.ToolCalls {
			c["index"] = i
		}
		d.ToolCalls, _ = json.Marshal(data.ToolCalls) // parsed just now
	}
	return d
}

// thoughts are what shows of a model's thinking, under the names it goes by.
type thoughts struct {
	ReasoningContent string `json:"reasoning_content,omitempty"` // DeepSeek, SGLang, llama.cpp, older vLLM
	Reasoning        string `json:"reasoning,omitempty"`         // OpenRouter, Ollama, newer vLLM
}

func (t thoughts) text() string {
	if t.ReasoningContent != "" {
		return t.ReasoningContent
	}
	return t.Reasoning
}

// errSink is an error of the listener, not of the server.
type errSink struct{ error }

func (e errSink) Unwrap() error { return e.error }

// askStream makes one call whose answer comes in pieces, and puts them together.
func (a *actor) askStream(ctx context.Context, content []byte, sink func(core.Delta) error) (*reply, error) {
	b, err := a.wire.call(ctx, "POST", a.base+a.path(), a.base, content, "text/event-stream")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	from := bufio.NewReader(b)
	if first, err := firstByte(from); err == nil && first == '{' { // a server that cannot stream
		return a.unstreamed(from, sink)
	}
	var s assembly
	done := false
	err = events(from, func(data []byte) (bool, error) {
		if string(bytes.TrimSpace(data)) == "[DONE]" {
			done = true
			return true, nil
		}
		d, err := s.add(data)
		if err != nil || d == nil {
			return false, err
		}
		if err := sink(*d); err != nil {
			return false, errSink{err}
		}
		return false, nil
	})
	var heard errSink
	var broke *streamError
	switch {
	case errors.As(err, &heard): // the server is cut off, and what it wrote until now costs
		return nil, &core.SendError{Err: heard.error, Unknown: true}
	case errors.As(err, &broke):
		return nil, &core.SendError{Err: fmt.Errorf("reading the stream of %s: %w", a.base, err), Again: true, Unknown: true}
	case err != nil:
		return nil, interrupted(a.base, err)
	case !done && !s.finished():
		return nil, interrupted(a.base, io.ErrUnexpectedEOF)
	}
	return s.reply()
}

// unstreamed reads a reply that comes whole though pieces were asked for.
func (a *actor) unstreamed(from io.Reader, sink func(core.Delta) error) (*reply, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, interrupted(a.base, err)
	}
	got, err := parseReply(text)
	if err != nil {
		return nil, junk(a.base, err)
	}
	if len(got.Choices) > 0 {
		n, err := got.Choices[0].node(got.PromptTokenIDs)
		if err != nil {
			return nil, junk(a.base, err)
		}
		if err := sink(whole(n)); err != nil {
			return nil, &core.SendError{Err: err, Usage: a.used(got, nil)}
		}
	}
	return got, nil
}

// firstByte is the first that is no space, left unread.
func firstByte(r *bufio.Reader) (byte, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, r.UnreadByte()
		}
	}
}
