package fakeserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// whole is the reply in one document.
func (m *made) whole() map[string]any {
	var choices []map[string]any
	for i, x := range m.answers {
		c := map[string]any{"index": i, "finish_reason": x.Finish}
		if m.asked.plain {
			c["text"] = x.Text
			if m.asked.Echo {
				c["text"] = m.asked.Prompt + x.Text
			}
		} else {
			c["message"] = m.message(x)
		}
		if l := m.logprobs(m.tokens[i], true); l != nil {
			c["logprobs"] = l
		}
		if m.asked.ReturnIDs {
			c["token_ids"] = ids(m.tokens[i])
			if m.asked.plain {
				c["prompt_token_ids"] = ids(m.prompt)
			}
		}
		if m.asked.PromptLogprobs != nil && m.asked.plain {
			c["prompt_logprobs"] = m.promptLogprobs()
		}
		choices = append(choices, c)
	}
	r := map[string]any{"id": m.id, "object": "chat.completion", "model": m.asked.Model, "choices": choices, "usage": m.usage, "a_field_nobody_knows": 1}
	if m.asked.ReturnIDs && !m.asked.plain {
		r["prompt_token_ids"] = ids(m.prompt)
	}
	if m.asked.PromptLogprobs != nil && !m.asked.plain {
		r["prompt_logprobs"] = m.promptLogprobs()
	}
	return r
}

func (m *made) message(x Answer) map[string]any {
	msg := map[string]any{"role": "assistant", "content": x.Text}
	if x.Reasoning != "" {
		msg["reasoning_content"] = x.Reasoning
	}
	if x.ToolCalls != nil {
		msg["tool_calls"] = x.ToolCalls
		if x.Text == "" {
			msg["content"] = nil
		}
	}
	return msg
}

// wantsLogprobs tells whether log-probabilities were asked for.
func (a *Asked) wantsLogprobs() bool {
	s := string(a.Logprobs)
	return s != "" && s != "null" && s != "false"
}

// logprobs are those of tokens in the form of the endpoint, nil where nobody asked.
// Whole replies with echo begin with the prompt's.
func (m *made) logprobs(tokens []string, whole bool) map[string]any {
	if !m.asked.wantsLogprobs() {
		return nil
	}
	if !m.asked.plain {
		content := []map[string]any{}
		for _, t := range tokens {
			top := []map[string]any{}
			for k := range m.asked.TopLogprobs {
				alternative := t
				if k > 0 {
					alternative = fmt.Sprint(t, k)
				}
				top = append(top, map[string]any{"token": alternative, "logprob": Logprob(t) - float64(k)})
			}
			content = append(content, map[string]any{"token": t, "logprob": Logprob(t), "bytes": []byte(t), "top_logprobs": top})
		}
		return map[string]any{"content": content}
	}
	var values, tops []any
	var offsets []int
	top := 0
	_ = json.Unmarshal(m.asked.Logprobs, &top) // a chat's is no number
	at := len(m.asked.Prompt)
	if m.asked.Echo && whole {
		tokens, at = append(append([]string{}, m.prompt...), tokens...), 0
	}
	for i, t := range tokens {
		if m.asked.Echo && whole && i == 0 {
			values = append(values, nil)
		} else {
			values = append(values, Logprob(t))
		}
		if top > 1 {
			row := map[string]float64{t: Logprob(t)}
			for k := 1; k < top; k++ {
				row[fmt.Sprint(t, k)] = Logprob(t) - float64(k)
			}
			tops = append(tops, row)
		}
		offsets = append(offsets, at)
		at += len(t)
	}
	return map[string]any{"tokens": tokens, "token_logprobs": values, "text_offset": offsets, "top_logprobs": tops}
}

// promptLogprobs are as vLLM tells them: by token id, nothing for the first.
func (m *made) promptLogprobs() []any {
	var list []any
	for i, t := range m.prompt {
		if i == 0 {
			list = append(list, nil)
			continue
		}
		list = append(list, map[string]any{fmt.Sprint(TokenID(t)): map[string]any{"logprob": Logprob(t), "rank": 1, "decoded_token": t}})
	}
	return list
}

func ids(tokens []string) []int32 {
	list := []int32{}
	for _, t := range tokens {
		list = append(list, TokenID(t))
	}
	return list
}

// stream writes the first alternative token by token; it tells whether the client
// stayed to the end.
func (s *Server) stream(out *faulty, a Asked, m *made, set Settings) bool {
	out.w.Header().Set("Content-Type", "text/event-stream")
	event := func(choice map[string]any, more map[string]any) bool {
		e := map[string]any{"id": m.id, "object": "chat.completion.chunk", "model": a.Model, "choices": []any{}}
		if choice != nil {
			choice["index"] = 0
			e["choices"] = []any{choice}
		}
		for k, v := range more {
			e[k] = v
		}
		b, err := json.Marshal(e)
		if err != nil {
			panic(err)
		}
		return out.Write([]byte("data: " + string(b) + "\n\n"))
	}
	x := m.answers[0]
	piece := func(text string) map[string]any {
		if a.plain {
			return map[string]any{"text": text, "finish_reason": nil}
		}
		return map[string]any{"delta": map[string]any{"content": text}, "finish_reason": nil}
	}
	out.Write([]byte(": welcome\n\n"))
	if !a.plain && !event(map[string]any{"delta": map[string]any{"role": "assistant", "content": ""}}, nil) {
		return false
	}
	for _, t := range Tokens(x.Reasoning) {
		if !event(map[string]any{"delta": map[string]any{"reasoning_content": t}}, nil) {
			return false
		}
	}
	for _, t := range m.tokens[0] {
		if !sleep(out.r, out.closed, set.Token) {
			return false
		}
		c := piece(t)
		if l := m.logprobs([]string{t}, false); l != nil {
			c["logprobs"] = l
		}
		if a.ReturnIDs {
			c["token_ids"] = ids([]string{t})
		}
		if !event(c, nil) {
			return false
		}
	}
	for _, d := range callPieces(x.ToolCalls) {
		if !event(map[string]any{"delta": map[string]any{"tool_calls": []any{d}}}, nil) {
			return false
		}
	}
	end := piece("")
	end["finish_reason"] = x.Finish
	if !event(end, nil) {
		return false
	}
	if a.StreamMore.Usage && !event(nil, map[string]any{"usage": m.usage}) {
		return false
	}
	return out.Write([]byte("data: [DONE]\n\n"))
}

// callPieces cuts tool calls: the name first, then the arguments in two halves.
func callPieces(raw json.RawMessage) []any {
	var calls []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	if raw == nil || json.Unmarshal(raw, &calls) != nil {
		return nil
	}
	var all []any
	for i, c := range calls {
		half := len(c.Function.Arguments) / 2
		all = append(all,
			map[string]any{"index": i, "id": c.ID, "type": "function", "function": map[string]any{"name": c.Function.Name, "arguments": ""}},
			map[string]any{"index": i, "function": map[string]any{"arguments": c.Function.Arguments[:half]}},
			map[string]any{"index": i, "function": map[string]any{"arguments": c.Function.Arguments[half:]}})
	}
	return all
}

// faulty writes a reply as the script has it.
type faulty struct {
	w      http.ResponseWriter
	r      *http.Request
	f      Fault
	closed chan struct{}
	sent   int
}

// Write writes and flushes; false is a client that went.
func (o *faulty) Write(b []byte) bool {
	if o.f.Drip > 0 {
		for i := range b {
			if !sleep(o.r, o.closed, o.f.Drip) || !o.some(b[i:i+1]) {
				return false
			}
		}
		return true
	}
	if limit := o.f.Cut + o.f.Stall; limit > 0 && o.sent+len(b) >= limit {
		o.some(b[:max(limit-o.sent, 0)])
		if o.f.Stall > 0 {
			sleep(o.r, o.closed, -1)
			return false
		}
		panic(http.ErrAbortHandler)
	}
	return o.some(b)
}

func (o *faulty) some(b []byte) bool {
	n, err := o.w.Write(b)
	o.sent += n
	if f, ok := o.w.(http.Flusher); ok && err == nil {
		f.Flush()
	}
	return err == nil && o.r.Context().Err() == nil
}

// sleep waits, for ever where d is negative; false is a client that went.
func sleep(r *http.Request, closed chan struct{}, d time.Duration) bool {
	if d == 0 {
		return true
	}
	var up <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		up = t.C
	}
	select {
	case <-up:
		return true
	case <-r.Context().Done():
	case <-closed:
	}
	return false
}
