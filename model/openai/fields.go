package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"pawl/core"
)

// DefaultMaxTokens bounds answers whose length nobody bounds: what a call can
// cost must be known before it is made.
const DefaultMaxTokens = 16384

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// seedOf is the seed of one alternative, small enough for every server.
func seedOf(seed uint64, i int) int64 {
	return int64(core.NewHasher("openai seed").Uint(seed).Uint(uint64(i)).Seed() >> 33)
}

// fields is the body of a call for n alternatives of r, whose options are merged,
// the first of which has sample index first.
func (a *actor) fields(ctx context.Context, r core.Request, first, n int, stream bool) (map[string]any, error) {
	o := r.Options
	f, err := a.further(o.Extra)
	if err != nil {
		return nil, err
	}
	f["model"] = a.name.Name
	if err := a.say(ctx, r.Path, f); err != nil {
		return nil, err
	}
	if o.Temperature != nil {
		f["temperature"] = *o.Temperature
	}
	if o.TopP > 0 {
		f["top_p"] = o.TopP
	}
	if len(o.Stop) > 0 {
		f["stop"] = o.Stop
	}
	if len(o.Bias) > 0 && len(o.BiasText) == 0 {
		biases := make(map[string]float64, len(o.Bias))
		for id, v := range o.Bias {
			biases[strconv.Itoa(int(id))] = v
		}
		f["logit_bias"] = biases
	}
	if !a.learnt.lacks("seed") {
		f["seed"] = seedOf(r.Seed, first)
	}
	if n > 1 {
		f["n"] = n
	}
	_, field, noLimit := a.learnt.know()
	if a.plain {
		field = maxTokens
	}
	if limit := o.MaxTokens; limit > 0 {
		f[field] = limit
	} else if !noLimit {
		f[field] = DefaultMaxTokens
	}
	if o.Logprobs || o.TopLogprobs > 0 {
		a.askLogprobs(f, o.TopLogprobs)
	}
	if err := a.askForm(o, f); err != nil {
		return nil, err
	}
	if err := a.steer(ctx, o, f); err != nil {
		return nil, err
	}
	if len(o.Interventions) > 0 {
		return nil, a.unserved("interventions %q: only a model in this process can be intervened in", o.Interventions)
	}
	if stream {
		f["stream"] = true
		if !a.learnt.lacks("stream_options") {
			f["stream_options"] = map[string]any{"include_usage": true}
		}
	}
	return f, nil
}

// reserved are fields that are told by other means; passing them on as well would
// say two things.
var reserved = []string{"model", "messages", "prompt", "n", "stream", "stream_options", "seed", maxTokens, maxCompletionTokens}

// further starts a body with the fields that have no name in options.
func (a *actor) further(extra json.RawMessage) (map[string]any, error) {
	f := map[string]any{}
	if len(bytes.TrimSpace(extra)) == 0 {
		return f, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(extra, &fields); err != nil {
		return nil, a.unserved("further fields: an object is wanted: %w", err)
	}
	for k, v := range fields {
		if slices.Contains(reserved, k) {
			return nil, a.unserved("further fields: %s is told by an option of its own", k)
		}
		f[k] = v
	}
	return f, nil
}

// say adds what is asked.
func (a *actor) say(ctx context.Context, path []core.Node, f map[string]any) error {
	if a.plain {
		text, err := prompt(path)
		if err != nil {
			return a.unserved("%w", err)
		}
		f["prompt"] = text
		return nil
	}
	if len(path) == 0 {
		return a.unserved("nothing: a chat needs at least one turn")
	}
	f["messages"] = messages(path)
	if !begun(path) {
		return nil
	}
	// Elsewhere a last turn of the answerer is one that is over, and a new one follows.
	switch kind := a.flavour(ctx); kind {
	case flavourVLLM, flavourSGLang:
		f["continue_final_message"], f["add_generation_prompt"] = true, false
	case flavourLlamaCPP:
	default:
		return a.unserved("to go on with an answer that is begun: the server, of kind %q, is not known to do so; vLLM, SGLang and llama.cpp are, and so is the endpoint of plain completions", kind)
	}
	return nil
}

// askLogprobs adds the fields for log-probabilities, and for so many likeliest
// alternatives of each token.
func (a *actor) askLogprobs(f map[string]any, top int) {
	if a.plain {
		f["logprobs"] = max(top, 1) // there is no asking for the token alone
	} else {
		f["logprobs"] = true
		if top > 0 {
			f["top_logprobs"] = top
		}
	}
	if !a.learnt.lacks("return_token_ids") && a.base != DefaultBaseURL {
		f["return_token_ids"] = true
	}
}

// askForm adds tools and the form that an answer is to have.
func (a *actor) askForm(o core.Options, f map[string]any) error {
	if present(o.Tools) {
		if a.plain {
			return a.unserved("tools: plain completions have no place for them; ask the chat endpoint")
		}
		f["tools"] = o.Tools
	}
	if present(o.Schema) {
		if o.Regex != "" || o.Grammar != "" {
			return a.unserved("a schema beside a regex or grammar: only one of them can be kept")
		}
		f["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "answer", "strict": true, "schema": o.Schema}}
	}
	if o.Regex != "" && o.Grammar != "" {
		return a.unserved("a regex beside a grammar: only one of them can be kept")
	}
	return nil
}

// present tells whether an option of raw JSON says anything.
func present(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && string(raw) != "null" && string(raw) != "[]"
}
