package core

import (
	"encoding/json"
	"strings"
)

// Task is one problem, human-written or minted by a proposer.
type Task struct {
	ID        string          `json:"id"`
	Prompt    []Node          `json:"prompt"`
	Options   Options         `json:"options,omitzero"`    // a caller's tools, schema, limits
	Reference json.RawMessage `json:"reference,omitempty"` // see Reference; hidden from models
	Origin    []string        `json:"origin,omitempty"`    // provenance: files, worlds, proposers
}

// Reference is the usual content of Task.Reference. A world may add fields of
// its own beside these.
type Reference struct {
	Answer   string `json:"answer,omitempty"`   // gold final answer
	Solution string `json:"solution,omitempty"` // gold worked solution
	World    string `json:"world,omitempty"`    // which world's oracle can judge it
}

// Ref decodes the task's reference. A task without one gives a zero value; so
// does one whose reference is not an object.
func (t Task) Ref() Reference {
	var r Reference
	if len(t.Reference) > 0 && json.Unmarshal(t.Reference, &r) != nil {
		return Reference{}
	}
	return r
}

// Text is the prompt as one string: the contents of its nodes, joined by blank
// lines where there are several.
func (t Task) Text() string {
	parts := make([]string, len(t.Prompt))
	for i, n := range t.Prompt {
		parts[i] = n.Content
	}
	return strings.Join(parts, "\n\n")
}

// Asked names what a path asks by what its reader sees of it: roles, contents and
// data, whoever said them. Two requests of one Asked differ in options and sample
// alone.
func Asked(path []Node) Digest {
	h := NewHasher("asked").Uint(uint64(len(path)))
	for _, n := range path {
		h.String(n.Role).String(n.Content).Bytes(n.Data)
	}
	return h.Key()
}

// Options steer one request. Zero values mean the actor's default.
type Options struct {
	Temperature *float64        `json:"temperature,omitempty"` // nil: the seat's; 0: greedy
	MaxTokens   int             `json:"max_tokens,omitempty"`
	TopK        int             `json:"top_k,omitempty"`
	TopP        float64         `json:"top_p,omitempty"`
	Stop        []string        `json:"stop,omitempty"`
	Logprobs    bool            `json:"logprobs,omitempty"` // fill Node.Logprobs
	Tools       json.RawMessage `json:"tools,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"` // a JSON schema that the answer keeps

	// What follows only some actors can do; others refuse it.
	MinP          float64            `json:"min_p,omitempty"`           // keep tokens of this share of the likeliest one's probability
	Bias          map[int32]float64  `json:"logit_bias,omitempty"`      // added to the logits of tokens
	BiasText      map[string]float64 `json:"logit_bias_text,omitempty"` // the same, for tokens by their text
	Regex         string             `json:"regex,omitempty"`           // the whole answer matches it
	Grammar       string             `json:"grammar,omitempty"`         // or this grammar
	Interventions []string           `json:"interventions,omitempty"`   // by name, in this order
	TopLogprobs   int                `json:"top_logprobs,omitempty"`    // tell so many likeliest alternatives of each token; see Token
	Extra         json.RawMessage    `json:"extra,omitempty"`           // an object of further fields, for models that others serve: sent as it is
}

// UnservedError is an actor's refusal of options that it cannot serve. None is
// ever passed over: an answer must not look as if it kept them.
type UnservedError struct{ Err error }

func (e *UnservedError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *UnservedError) Unwrap() error { return e.Err }

// plain tells whether o has nothing that only some actors can do, biases by
// text aside.
func (o *Options) plain() bool {
	return o.MinP == 0 && o.Bias == nil && o.Regex == "" && o.Grammar == "" && o.Interventions == nil
}

// passed tells whether o has what callers of servers ask for and recipes do not.
func (o *Options) passed() bool { return o.TopLogprobs != 0 || o.Extra != nil }

// Merge returns o with the values that over sets laid over it.
func (o Options) Merge(over Options) Options {
	if over.Temperature != nil {
		o.Temperature = over.Temperature
	}
	if over.MaxTokens != 0 {
		o.MaxTokens = over.MaxTokens
	}
	if over.TopK != 0 {
		o.TopK = over.TopK
	}
	if over.TopP != 0 {
		o.TopP = over.TopP
	}
	if over.Stop != nil {
		o.Stop = over.Stop
	}
	o.Logprobs = o.Logprobs || over.Logprobs
	if over.Tools != nil {
		o.Tools = over.Tools
	}
	if over.Schema != nil {
		o.Schema = over.Schema
	}
	if over.MinP != 0 {
		o.MinP = over.MinP
	}
	if over.Bias != nil {
		o.Bias = over.Bias
	}
	if over.BiasText != nil {
		o.BiasText = over.BiasText
	}
	if over.Regex != "" {
		o.Regex = over.Regex
	}
	if over.Grammar != "" {
		o.Grammar = over.Grammar
	}
	if over.Interventions != nil {
		o.Interventions = over.Interventions
	}
	if over.TopLogprobs != 0 {
		o.TopLogprobs = over.TopLogprobs
	}
	if over.Extra != nil {
		o.Extra = over.Extra
	}
	return o
}
