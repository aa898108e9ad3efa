package openai

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"pawl/core"
)

// Flavours are kinds of servers that have fields of their own, which others pass
// over without a word. So these are sent only where they are known to be read.
const (
	flavourOpenAI     = "openai"
	flavourVLLM       = "vllm"
	flavourSGLang     = "sglang"
	flavourLlamaCPP   = "llama.cpp"
	flavourOllama     = "ollama"
	flavourOpenRouter = "openrouter"
	flavourPawl       = "pawl"
	flavourOther      = "other"
)

// modelList is what GET /models gives.
type modelList struct {
	Data []struct {
		ID      string `json:"id"`
		OwnedBy string `json:"owned_by"`
	} `json:"data"`
}

// flavourOf tells a server by its host or by who owns its models.
func flavourOf(base string, list modelList) string {
	if u, err := url.Parse(base); err == nil {
		switch host := u.Hostname(); {
		case host == "api.openai.com":
			return flavourOpenAI
		case host == "openrouter.ai" || strings.HasSuffix(host, ".openrouter.ai"):
			return flavourOpenRouter
		}
	}
	for _, m := range list.Data {
		switch strings.ToLower(m.OwnedBy) {
		case "vllm":
			return flavourVLLM
		case "sglang":
			return flavourSGLang
		case "llamacpp", "llama.cpp":
			return flavourLlamaCPP
		case "library":
			return flavourOllama
		case "pawl":
			return flavourPawl
		}
	}
	return flavourOther
}

// flavour asks once. A server that cannot be asked is of no known flavour now, and
// asked again the next time.
func (a *actor) flavour(ctx context.Context) string {
	l := a.learnt
	l.asking.Lock()
	defer l.asking.Unlock()
	l.mu.Lock()
	known := l.flavour
	l.mu.Unlock()
	if known != "" {
		return known
	}
	var list modelList
	if err := a.wire.get(ctx, a.base, "/models", &list); err != nil {
		return flavourOf(a.base, list)
	}
	known = flavourOf(a.base, list)
	l.mu.Lock()
	l.flavour = known
	l.mu.Unlock()
	return known
}

// unserved is a refusal of what cannot be had of this server.
func (a *actor) unserved(format string, args ...any) error {
	return &core.UnservedError{Err: fmt.Errorf("asking "+a.shown()+": "+format, args...)}
}

// steer adds the fields that steer sampling in ways of a server's own.
func (a *actor) steer(ctx context.Context, o core.Options, fields map[string]any) error {
	if o.MinP == 0 && o.TopK == 0 && o.Regex == "" && o.Grammar == "" && len(o.BiasText) == 0 {
		return nil
	}
	kind := a.flavour(ctx)
	has := func(kinds ...string) bool {
		for _, k := range kinds {
			if k == kind {
				return true
			}
		}
		return false
	}
	refuse := func(what, who string) error {
		return a.unserved("%s: the server, of kind %q, is not known to read it; %s", what, kind, who)
	}
	if o.MinP > 0 {
		if !has(flavourVLLM, flavourSGLang, flavourLlamaCPP, flavourOpenRouter) {
			return refuse("min_p", "vLLM, SGLang, llama.cpp and OpenRouter do")
		}
		fields["min_p"] = o.MinP
	}
	if o.TopK > 0 {
		if !has(flavourVLLM, flavourSGLang, flavourLlamaCPP, flavourOpenRouter) {
			return refuse("top_k", "vLLM, SGLang, llama.cpp and OpenRouter do; top_p is known everywhere")
		}
		fields["top_k"] = o.TopK
	}
	if o.Regex != "" {
		switch kind {
		case flavourVLLM:
			fields["structured_outputs"] = map[string]any{"regex": o.Regex}
		case flavourSGLang:
			fields["regex"] = o.Regex
		default:
			return refuse("regex", "vLLM and SGLang do")
		}
	}
	if o.Grammar != "" {
		switch kind {
		case flavourVLLM:
			fields["structured_outputs"] = map[string]any{"grammar": o.Grammar}
		case flavourSGLang:
			fields["ebnf"] = o.Grammar
		case flavourLlamaCPP:
			fields["grammar"] = o.Grammar
		default:
			return refuse("grammar", "vLLM, SGLang and llama.cpp do")
		}
	}
	if len(o.BiasText) > 0 {
		if kind != flavourLlamaCPP {
			return refuse("logit biases of tokens by their text", "llama.cpp does; name tokens by their numbers")
		}
		var list [][2]any
		for _, id := range sortedKeys(o.Bias) {
			list = append(list, [2]any{id, o.Bias[id]})
		}
		for _, text := range sortedKeys(o.BiasText) {
			list = append(list, [2]any{text, o.BiasText[text]})
		}
		fields["logit_bias"] = list
	}
	return nil
}
