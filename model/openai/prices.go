package openai

import (
	"bytes"
	"fmt"
	"math"
	"net/url"
	"os"
	"path"

	"github.com/goccy/go-yaml"

	"pawl/core"
)

// Price is what tokens of some models cost, in dollars per million.
type Price struct {
	Model      string   `yaml:"model"`            // as the server calls it; * stands for any text
	At         string   `yaml:"at,omitempty"`     // host that serves it; any where there is none
	Prompt     *float64 `yaml:"prompt"`           // of tokens read
	Completion *float64 `yaml:"completion"`       // of tokens written
	Cached     *float64 `yaml:"cached,omitempty"` // of tokens read that the server remembered; Prompt where there is none
}

// Prices are looked up in order: the first that fits counts.
type Prices []Price

// ParsePrices reads a table, a YAML list.
func ParsePrices(text []byte) (Prices, error) {
	var p Prices
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	for i, x := range p {
		fail := func(what string) error { return fmt.Errorf("reading prices: entry %d: %s", i+1, what) }
		if x.Model == "" {
			return nil, fail("it names no model; * is any")
		}
		if _, err := path.Match(x.Model, ""); err != nil {
			return nil, fail(fmt.Sprintf("model %q: %v", x.Model, err))
		}
		if _, err := path.Match(x.At, ""); err != nil {
			return nil, fail(fmt.Sprintf("at %q: %v", x.At, err))
		}
		if x.Prompt == nil || x.Completion == nil {
			return nil, fail("it lacks the price of prompt or completion; what is free costs 0")
		}
		for _, v := range []*float64{x.Prompt, x.Completion, x.Cached} {
			if v != nil && (!(*v >= 0) || *v > 1e6) {
				return nil, fail(fmt.Sprintf("%v dollars per million tokens; at least 0 and at most a million are wanted", *v))
			}
		}
	}
	return p, nil
}

// LoadPrices reads a file.
func LoadPrices(file string) (Prices, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	p, err := ParsePrices(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// Of is the price of a model; ok is false where the table has none.
func (p Prices) Of(base, model string) (price Price, ok bool) {
	host := ""
	if u, err := url.Parse(base); err == nil {
		host = u.Hostname()
	}
	for _, x := range p {
		if glob(x.Model, model) && (x.At == "" || glob(x.At, host)) {
			return x, true
		}
	}
	return Price{}, false
}

// glob is path.Match in which * stands for slashes, too, which names of models
// have.
func glob(pattern, name string) bool {
	const slash = "\x00"
	ok, err := path.Match(slashless(pattern, slash), slashless(name, slash))
	return err == nil && ok
}

func slashless(s, with string) string {
	return string(bytes.ReplaceAll([]byte(s), []byte("/"), []byte(with)))
}

// cost is what a usage costs, in millionths of a dollar, rounded up: a dollar per
// million tokens is a millionth per token.
func (x Price) cost(u usage) int64 {
	if x.Prompt == nil {
		return 0
	}
	cached := *x.Prompt
	if x.Cached != nil {
		cached = *x.Cached
	}
	c := u.cached()
	dollars := float64(u.PromptTokens-c)**x.Prompt + float64(c)*cached + float64(u.CompletionTokens)**x.Completion
	return int64(math.Ceil(dollars - 1e-9))
}

// most is the most that one attempt can use. A prompt has at most as many tokens as
// bytes, and a few more for each turn.
func (x Price) most(promptBytes, turns, n, limit int) core.Usage {
	u := usage{PromptTokens: int64(promptBytes + 16*turns + 64), CompletionTokens: int64(n) * int64(limit)}
	if x.Cached != nil && x.Prompt != nil && *x.Cached > *x.Prompt {
		x.Prompt = x.Cached
	}
	return core.Usage{Calls: 1, PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, MicroUSD: x.cost(u)}
}
