package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pawl/core"
)

// reply is what servers answer to both kinds of calls. Fields that only some have
// are pointers or raw.
type reply struct {
	Error          json.RawMessage `json:"error"` // some servers refuse with 200
	Choices        []choice        `json:"choices"`
	Usage          *usage          `json:"usage"`
	PromptTokenIDs []int32         `json:"prompt_token_ids"` // of vLLM's chats
	PromptLogprobs json.RawMessage `json:"prompt_logprobs"`  // of vLLM's chats
}

// usage is what a call used, as OpenAI counts it.
type usage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	PromptDetails    *struct {
		CachedTokens int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CacheHits int64 `json:"prompt_cache_hit_tokens"` // DeepSeek's name
}

func (u *usage) cached() int64 {
	n := u.CacheHits
	if u.PromptDetails != nil {
		n = u.PromptDetails.CachedTokens
	}
	return min(max(n, 0), u.PromptTokens)
}

// choice is one alternative: a message of a chat, or a text.
type choice struct {
	Index          int             `json:"index"`
	Message        json.RawMessage `json:"message"`
	Text           *string         `json:"text"`
	Finish         *string         `json:"finish_reason"`
	Logprobs       json.RawMessage `json:"logprobs"`
	TokenIDs       []int32         `json:"token_ids"`        // vLLM's
	PromptTokenIDs []int32         `json:"prompt_token_ids"` // of vLLM's plain completions
	PromptLogprobs json.RawMessage `json:"prompt_logprobs"`  // of vLLM's plain completions
}

// parseReply reads a reply; alternatives come in the order of their indices.
func parseReply(content []byte) (*reply, error) {
	var r reply
	d := json.NewDecoder(bytes.NewReader(content))
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("it is no JSON of a completion: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("something follows its JSON")
	}
	if present(r.Error) {
		var e StatusError
		e.read(content)
		return nil, fmt.Errorf("it says 200 and reports an error: %s", e.Message)
	}
	if r.Usage != nil && (r.Usage.PromptTokens < 0 || r.Usage.CompletionTokens < 0) {
		return nil, fmt.Errorf("its usage is negative")
	}
	slices.SortStableFunc(r.Choices, func(a, b choice) int { return a.Index - b.Index })
	r.Choices = slices.CompactFunc(r.Choices, func(a, b choice) bool { return a.Index == b.Index })
	return &r, nil
}

// node makes a turn of an alternative, without the seat's name.
func (c *choice) node(prompt []int32) (core.Node, error) {
	n := core.Node{Role: core.RoleAssistant}
	data := map[string]json.RawMessage{}
	switch {
	case c.Text != nil:
		n.Content = *c.Text
	case present(c.Message):
		if err := json.Unmarshal(c.Message, &data); err != nil {
			return n, fmt.Errorf("its message is no object: %w", err)
		}
		var err error
		if n.Content, err = contentOf(data["content"]); err != nil {
			return n, err
		}
		delete(data, "role")
		delete(data, "content")
	default:
		return n, fmt.Errorf("an alternative has neither a message nor a text")
	}
	for k, v := range data {
		if !present(v) || string(v) == `""` || string(v) == "{}" {
			delete(data, k) // what a server lists though it has nothing to say
		}
	}
	if c.Finish != nil {
		n.Finish = finish(*c.Finish, len(data["tool_calls"]) > 0)
	}
	if present(c.Logprobs) {
		tokens, err := tokensOf(c.Logprobs)
		if err != nil {
			return n, err
		}
		n.Logprobs = logprobsOf(tokens)
		data["logprobs"] = c.Logprobs
	}
	if len(c.TokenIDs) > 0 && (n.Logprobs == nil || len(n.Logprobs) == len(c.TokenIDs)) {
		n.TokenIDs = c.TokenIDs
		if prompt == nil {
			prompt = c.PromptTokenIDs
		}
		if prompt != nil {
			n.Prefix = core.TokensDigest(prompt)
		}
	}
	if len(data) > 0 {
		b, err := json.Marshal(data)
		if err != nil {
			return n, fmt.Errorf("keeping what else its message says: %w", err)
		}
		n.Data = b
	}
	return n, nil
}

// contentOf is the text of a message, which some servers give in parts.
func contentOf(raw json.RawMessage) (string, error) {
	if !present(raw) {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", fmt.Errorf("the content of its message is neither a text nor parts of one")
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String(), nil
}

// finish is how an answer ended, in the words of core.Node.
func finish(reason string, calls bool) string {
	switch {
	case calls && (reason == "stop" || reason == "function_call"):
		return "tool_calls"
	case reason == "eos" || reason == "end_turn" || reason == "stop_sequence":
		return "stop"
	case reason == "max_tokens":
		return "length"
	}
	return reason
}

// logprobsOf are the log-probabilities of an answer's tokens.
func logprobsOf(tokens []core.Token) []float32 {
	var all []float32
	for _, t := range tokens {
		all = append(all, t.Logprob)
	}
	return all
}

// flaw says what keeps an alternative from being kept as a success; "" for
// nothing. An answer that ends at the limit that its caller set is whole: it is
// what was asked for, and asking again would cost the same and bring the same. One
// that ends before, or that does not say how it ended, is not; nor is one that
// says nothing at all, unless it only thought until the limit.
func flaw(n core.Node, limit int, used int64) string {
	switch n.Finish {
	case "":
		return "it does not say how it ended: it is cut short"
	case "length":
		if limit > 0 && used > 0 && used < int64(limit) {
			return fmt.Sprintf("it was cut at %d tokens, before the limit of %d", used, limit)
		}
		if n.Content == "" && len(n.Data) == 0 && len(n.TokenIDs) == 0 {
			return "it is empty"
		}
	case "content_filter":
		return "the server's filter cut it"
	case "error":
		return "the server broke it off with an error"
	default:
		if n.Content == "" && !says(n.Data) {
			return "it is empty"
		}
	}
	return ""
}

// says tells whether what goes beside an empty text is an answer.
func says(data json.RawMessage) bool {
	var d struct {
		ToolCalls json.RawMessage `json:"tool_calls"`
		Refusal   string          `json:"refusal"`
		Audio     json.RawMessage `json:"audio"`
	}
	return json.Unmarshal(data, &d) == nil && (present(d.ToolCalls) || d.Refusal != "" || present(d.Audio))
}
