package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"pawl/core"
)

// Tell tells an answer by its tokens, from what the server said of them when it
// gave the answer; see core.Told.
func (a *actor) Tell(ctx context.Context, path []core.Node, top int) ([]core.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("telling an answer by its tokens: there is none")
	}
	var d struct {
		Logprobs json.RawMessage `json:"logprobs"`
	}
	if n := path[len(path)-1]; len(n.Data) == 0 || json.Unmarshal(n.Data, &d) != nil || !present(d.Logprobs) {
		return nil, a.unserved("log-probabilities: the answer came without them")
	}
	tokens, err := tokensOf(d.Logprobs)
	if err != nil {
		return nil, fmt.Errorf("telling an answer by its tokens: %w", err)
	}
	for i := range tokens {
		if len(tokens[i].Top) < top {
			return nil, a.unserved("%d likeliest alternatives of each token: the server gives %d", top, len(tokens[i].Top))
		}
		tokens[i].Top = tokens[i].Top[:top]
	}
	return tokens, nil
}

// tokensOf reads log-probabilities in either form: a chat's list, or the parallel
// lists of plain completions, where the alternatives of a token are a map.
func tokensOf(raw json.RawMessage) ([]core.Token, error) {
	type token struct {
		Token   string  `json:"token"`
		Logprob float32 `json:"logprob"`
	}
	var l struct {
		Content []struct {
			token
			Top []token `json:"top_logprobs"`
		} `json:"content"`
		Tokens        []string             `json:"tokens"`
		TokenLogprobs []*float32           `json:"token_logprobs"`
		TopLogprobs   []map[string]float32 `json:"top_logprobs"`
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return nil, fmt.Errorf("its log-probabilities are in no known form: %w", err)
	}
	var all []core.Token
	for _, t := range l.Content {
		x := core.Token{Text: t.Token, Logprob: t.Logprob}
		for _, alternative := range t.Top {
			x.Top = append(x.Top, core.Token{Text: alternative.Token, Logprob: alternative.Logprob})
		}
		all = append(all, x)
	}
	for i := range min(len(l.Tokens), len(l.TokenLogprobs)) {
		if l.TokenLogprobs[i] == nil {
			return nil, fmt.Errorf("a token of the answer has no log-probability")
		}
		x := core.Token{Text: l.Tokens[i], Logprob: *l.TokenLogprobs[i]}
		if i < len(l.TopLogprobs) {
			for _, text := range sortedKeys(l.TopLogprobs[i]) {
				x.Top = append(x.Top, core.Token{Text: text, Logprob: l.TopLogprobs[i][text]})
			}
			slices.SortStableFunc(x.Top, func(a, b core.Token) int { return cmp.Compare(b.Logprob, a.Logprob) })
		}
		all = append(all, x)
	}
	return all, nil
}

// ranked are alternatives, the likeliest first.
func ranked(list []core.Alternative) []core.Alternative {
	slices.SortFunc(list, func(a, b core.Alternative) int {
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.Token, b.Token))
	})
	return list
}
