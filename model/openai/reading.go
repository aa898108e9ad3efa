package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"pawl/core"
)

// reading is how the last node of a path was read, as it is kept.
type reading struct {
	Logprobs []float32            `json:"logprobs"`
	Texts    []string             `json:"texts"`
	Top      [][]core.Alternative `json:"top,omitempty"`
}

// Score gives log-probabilities of the tokens of each path's last node, as the
// server cuts it into tokens.
func (a *actor) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	seen, err := a.Read(ctx, paths, core.Reading{})
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(seen))
	for i, o := range seen {
		out[i] = o.Raw
	}
	return out, nil
}

// Read tells how a server reads the last node of each path, from the
// log-probabilities of prompts: a chat's are vLLM's alone (prompt_logprobs), those
// of plain completions whoever's that know echo. Nothing else of distributions is
// told by any server.
func (a *actor) Read(ctx context.Context, paths [][]core.Node, r core.Reading) ([]core.Observation, error) {
	switch {
	case r.Entropy || r.Full || r.Reduce != nil || r.Dropout != 0:
		return nil, a.unserved("distributions of a given text: only its tokens' log-probabilities are told, and of some servers the likeliest alternatives; name a seat whose model runs in this process")
	case a.plain && r.Top > 0:
		return nil, a.unserved("the likeliest alternatives in a given text: plain completions tell them without token ids; ask the chat endpoint of a vLLM")
	case !a.plain && len(paths) > 0:
		if kind := a.flavour(ctx); kind != flavourVLLM {
			return nil, a.unserved("log-probabilities of a given text: the server, of kind %q, is not known to tell them in chats; a vLLM does, and plain completions of some others (a base URL that ends with /completions)", kind)
		}
	}
	out := make([]core.Observation, len(paths))
	err := together(len(paths), func(i int) error {
		got, err := a.read(ctx, paths[i], r.Top)
		if err != nil {
			return fmt.Errorf("reading as %s: %w", a.seat, err)
		}
		out[i] = core.Observation{Raw: got.Logprobs, Text: got.Texts, Top: got.Top}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// read buys one reading.
func (a *actor) read(ctx context.Context, path []core.Node, top int) (reading, error) {
	var got reading
	if len(path) == 0 {
		return got, fmt.Errorf("a path has no node")
	}
	r := a.canonical(core.Request{Path: path, N: 1})
	p := a.purchase(r, 0, 1)
	p.Keys[0] = core.NewHasher("openai reading").String(string(p.Keys[0])).Uint(uint64(top)).Key()
	p.Ceiling = a.price.most(int(2*(p.Ceiling.PromptTokens)), 0, 2, 1)
	p.Nodes = nil
	bought, err := a.payer.Pay(ctx, p, func(ctx context.Context, _ []int) (core.Sent, error) {
		read := a.readChat
		if a.plain {
			read = a.readPlain
		}
		got, used, err := read(ctx, r.Path, top)
		var content []byte
		if err == nil {
			content, err = json.Marshal(got)
		}
		if err != nil {
			var e *core.SendError
			if !errors.As(err, &e) {
				e = &core.SendError{Err: err}
			}
			e.Usage.Add(used)
			return core.Sent{}, e
		}
		return core.Sent{Results: []core.SentResult{{Content: content}}, Usage: used}, nil
	})
	if err != nil {
		return got, err
	}
	return got, json.Unmarshal(bought[0].Content, &got)
}

// askOnce makes a call that has no other form.
func (a *actor) askOnce(ctx context.Context, fields map[string]any) (*reply, core.Usage, error) {
	fields["model"] = a.name.Name
	got, err := a.ask(ctx, fields, nil)
	if err != nil {
		return nil, core.Usage{}, tooLong(err)
	}
	used := a.used(got, fields)
	if len(got.Choices) == 0 {
		return nil, used, fmt.Errorf("reading the reply of %s: it has no alternatives", a.base)
	}
	return got, used, nil
}

// readPlain reads by echo: the prompt comes back as tokens with offsets.
func (a *actor) readPlain(ctx context.Context, path []core.Node, _ int) (reading, core.Usage, error) {
	var out reading
	whole, err := prompt(path)
	if err != nil {
		return out, core.Usage{}, a.unserved("%w", err)
	}
	from := utf8.RuneCountInString(whole[:len(whole)-len(path[len(path)-1].Content)])
	got, used, err := a.askOnce(ctx, map[string]any{"prompt": whole, "echo": true, "max_tokens": 0, "logprobs": 1, "temperature": 0})
	if err != nil {
		return out, used, err
	}
	var l struct {
		Tokens   []string   `json:"tokens"`
		Logprobs []*float32 `json:"token_logprobs"`
		Offsets  []int      `json:"text_offset"`
	}
	c := got.Choices[0]
	if !present(c.Logprobs) || json.Unmarshal(c.Logprobs, &l) != nil || len(l.Tokens) != len(l.Logprobs) || len(l.Offsets) != len(l.Tokens) ||
		c.Text == nil || len(l.Offsets) == 0 || l.Offsets[0] != 0 {
		return out, used, a.unserved("log-probabilities of a given text: the server does not know echo")
	}
	end := utf8.RuneCountInString(whole)
	for i, text := range l.Tokens {
		next := end
		if i+1 < len(l.Offsets) {
			next = l.Offsets[i+1]
		}
		switch { // a token on the border counts for the answer: it would be another without it
		case next <= from && l.Offsets[i] < from || l.Offsets[i] >= end:
			continue
		case l.Logprobs[i] == nil:
			return out, used, a.unserved("log-probabilities of a text that nothing precedes: the first token has none")
		}
		out.Logprobs, out.Texts = append(out.Logprobs, *l.Logprobs[i]), append(out.Texts, text)
	}
	return out, used, nil
}

// readChat reads by vLLM's prompt_logprobs. Where the answer begins is where the
// tokens end of the same chat without it.
func (a *actor) readChat(ctx context.Context, path []core.Node, top int) (reading, core.Usage, error) {
	var out reading
	last := path[len(path)-1]
	if len(path) < 2 || last.Role != core.RoleAssistant {
		return out, core.Usage{}, a.unserved("log-probabilities of a text that is no answer to something")
	}
	before, used, err := a.askOnce(ctx, map[string]any{"messages": messages(path[:len(path)-1]), a.limit(): 1, "return_token_ids": true})
	if err != nil {
		return out, used, err
	}
	got, more, err := a.askOnce(ctx, map[string]any{"messages": messages(path), a.limit(): 1, "return_token_ids": true,
		"prompt_logprobs": top, "continue_final_message": true, "add_generation_prompt": false})
	used.Add(more)
	if err != nil {
		return out, used, err
	}
	var list []map[string]struct {
		Logprob float32 `json:"logprob"`
		Rank    int     `json:"rank"`
		Text    string  `json:"decoded_token"`
	}
	ids, from := got.PromptTokenIDs, len(before.PromptTokenIDs)
	if !present(got.PromptLogprobs) || json.Unmarshal(got.PromptLogprobs, &list) != nil || len(list) != len(ids) || from == 0 {
		return out, used, a.unserved("log-probabilities of a given text: the server gives no prompt_logprobs with token ids")
	}
	if from > len(ids) || core.TokensDigest(ids[:from]) != core.TokensDigest(before.PromptTokenIDs) {
		return out, used, a.unserved("log-probabilities of a given text: the model's template writes a begun answer in another way than a prompt, so that it is not known where the answer begins")
	}
	for i := from; i < len(ids); i++ {
		x, ok := list[i][strconv.Itoa(int(ids[i]))]
		if !ok {
			return out, used, fmt.Errorf("reading the reply of %s: token %d of the prompt has no log-probability", a.base, i)
		}
		out.Logprobs, out.Texts = append(out.Logprobs, x.Logprob), append(out.Texts, x.Text)
		if top > 0 {
			row := make([]core.Alternative, 0, top)
			for id, y := range list[i] {
				if n, err := strconv.ParseInt(id, 10, 32); err == nil && y.Rank >= 1 && y.Rank <= top {
					row = append(row, core.Alternative{Token: int32(n), Logprob: y.Logprob})
				}
			}
			out.Top = append(out.Top, ranked(row))
		}
	}
	return out, used, nil
}

func (a *actor) limit() string {
	_, field, _ := a.learnt.know()
	return field
}

var tooLongWords = regexp.MustCompile(`(?i)context_length_exceeded|maximum context|context (length|window|size)|prompt is too long|too many tokens`)

// tooLong makes a refusal of a text that does not fit what callers know it as.
func tooLong(err error) error {
	var e *core.SendError
	var s *StatusError
	if errors.As(err, &e) && errors.As(err, &s) && (s.Status == 400 || s.Status == 413 || s.Status == 422) && tooLongWords.MatchString(s.Code+" "+s.Message) {
		return &core.SendError{Err: &core.TooLongError{Err: s}}
	}
	return err
}
