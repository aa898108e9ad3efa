package server

import (
	"encoding/json"

	"pawl/core"
)

// completions is POST /v1/completions: a text that is continued. To a model of this
// process it is an answer that was begun; how others take it is their server's to
// say.
type completions struct{ openAI }

func (completions) parse(body []byte) (*ask, *problem) {
	f, a := readFields("", body), &ask{param: "prompt"}
	if f.bad != nil {
		return nil, f.bad
	}
	a.sampling(f)
	a.limit(f, "max_tokens")
	if n, ok := f.whole("logprobs", 0, 20); ok {
		a.options.Logprobs, a.options.TopLogprobs = true, n
	}
	if string(f.all["echo"]) == "false" {
		f.ignore("echo")
	}
	if n, ok := f.whole("best_of", 1, maxAnswers); ok && n != a.n {
		f.wrong("best_of", "best_of is %d: more attempts than answers are what recipes are for; ask for best-of-n/MODEL", n)
	}
	raw, _ := f.take("prompt")
	var texts []string
	var one string
	switch {
	case raw == nil:
		f.wrong("prompt", "reading the request: prompt is missing")
	case json.Unmarshal(raw, &one) == nil:
		texts = []string{one}
	case json.Unmarshal(raw, &texts) != nil || len(texts) == 0 || len(texts)*a.n > maxAnswers:
		f.wrong("prompt", "prompt is %s; a string or a list of strings is wanted, and at most %d answers", short(raw), maxAnswers)
	}
	for _, text := range texts {
		a.prompts = append(a.prompts, []core.Node{{Role: core.RoleAssistant, Content: text}})
	}
	return a.finish(f)
}

func (completions) whole(r *result) any {
	choices := make([]map[string]any, len(r.choices))
	for i, c := range r.choices {
		choices[i] = completion(i, c.node.Content, c.finish(), c.tokens)
		if len(r.choices) > 1 {
			choices[i]["pawl"] = c.pawl
		}
	}
	return map[string]any{
		"id": "cmpl-" + r.id, "object": "text_completion", "created": r.created, "model": r.ask.model,
		"choices": choices, "usage": usageOf(r.usage), "pawl": r.choices[0].pawl,
	}
}

// completion is a choice; finish is nil where it goes on.
func completion(i int, text string, finish any, tokens []core.Token) map[string]any {
	c := map[string]any{"index": i, "text": text, "finish_reason": finish, "logprobs": nil}
	if tokens == nil {
		return c
	}
	texts, values, offsets, tops := []string{}, []float32{}, []int{}, []map[string]float32{}
	at := 0
	for _, t := range tokens {
		top := map[string]float32{}
		for _, x := range t.Top {
			top[x.Text] = finite(x.Logprob)
		}
		texts, values, offsets, tops = append(texts, t.Text), append(values, finite(t.Logprob)), append(offsets, at), append(tops, top)
		at += len(t.Text)
	}
	c["logprobs"] = map[string]any{"tokens": texts, "token_logprobs": values, "text_offset": offsets, "top_logprobs": tops}
	return c
}

func (completions) stream(h head, e *events) teller { return &completionTeller{h, e} }

type completionTeller struct {
	head
	events *events
}

func (t *completionTeller) chunk(choices ...map[string]any) map[string]any {
	if choices == nil {
		choices = []map[string]any{}
	}
	return map[string]any{"id": "cmpl-" + t.id, "object": "text_completion", "created": t.created, "model": t.ask.model, "choices": choices}
}

func (t *completionTeller) delta(i int, d core.Delta) error {
	return t.events.data(t.chunk(completion(i, d.Content, nil, d.Tokens)))
}

func (t *completionTeller) end(r *result) error {
	for i, c := range r.choices {
		last := t.chunk(completion(i, "", c.finish(), nil))
		last["pawl"] = c.pawl
		if err := t.events.data(last); err != nil {
			return err
		}
	}
	if t.ask.usage {
		last := t.chunk()
		last["usage"] = usageOf(r.usage)
		if err := t.events.data(last); err != nil {
			return err
		}
	}
	return t.events.done()
}

func (t *completionTeller) fail(p *problem) error { return t.events.data(p.openAIError()) }
