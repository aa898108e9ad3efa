package nn

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ggufSplits are llama.cpp's names of the regular expressions by which families
// of models cut text before merging.
var ggufSplits = map[string]string{
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`:                                                                                                                                                                "llama-bpe",
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`:                                                                                                                                                                     "qwen2",
	`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`: "gpt-4o",
}

// preStep is a step of a pre-tokenizer, or a sequence of them.
type preStep struct {
	Type    string    `json:"type"`
	Steps   []preStep `json:"pretokenizers"`
	Pattern struct {
		Regex string `json:"Regex"`
	} `json:"pattern"`
	Behavior string `json:"behavior"`
	Invert   bool   `json:"invert"`
	Regex    *bool  `json:"use_regex"`
	Prefix   bool   `json:"add_prefix_space"`
	Alone    bool   `json:"individual_digits"`
}

func (s preStep) flat() []preStep {
	if s.Type != "Sequence" {
		return []preStep{s}
	}
	var list []preStep
	for _, sub := range s.Steps {
		list = append(list, sub.flat()...)
	}
	return list
}

// pre names how text is cut before merging.
func (j *hfTokenizer) pre() (string, error) {
	var top preStep
	if err := json.Unmarshal(j.PreTokenizer, &top); err != nil {
		return "", fmt.Errorf("tokenizer.json: pre_tokenizer: %w", err)
	}
	steps := top.flat()
	last := steps[len(steps)-1]
	ownRegex := last.Regex == nil || *last.Regex
	switch name := ggufSplits[steps[0].Pattern.Regex]; {
	case last.Type != "ByteLevel" || last.Prefix:
	case len(steps) == 1 && ownRegex:
		return "gpt-2", nil
	case len(steps) == 2 && steps[0].Type == "Digits" && steps[0].Alone && ownRegex:
		return "smollm", nil
	case len(steps) == 2 && steps[0].Type == "Split" && name != "" && !ownRegex &&
		(steps[0].Behavior == "Isolated" && !steps[0].Invert || steps[0].Behavior == "Removed" && steps[0].Invert):
		if name == "llama-bpe" && !j.Model.Whole {
			name = "dbrx" // the same, but always merges
		}
		return name, nil
	}
	return "", fmt.Errorf("tokenizer.json: llama.cpp has no name for the pre-tokenizer %s", j.PreTokenizer)
}

// mergesSuffice refuses a tokenizer that takes words as tokens which merges do
// not lead to, where llama.cpp only merges.
func (j *hfTokenizer) mergesSuffice(pre string, merges []string) error {
	if !j.Model.Whole || pre == "llama-bpe" {
		return nil
	}
	ranks := make(map[string]int, len(merges))
	for i, m := range slices.Backward(merges) {
		ranks[m] = i
	}
	added := map[string]bool{}
	for _, a := range j.Added {
		added[a.Content] = true
	}
	for _, token := range slices.Sorted(maps.Keys(j.Model.Vocab)) {
		if !added[token] && !reached(token, ranks) {
			return fmt.Errorf("tokenizer.json: ignore_merges: llama.cpp has no such setting for the pre-tokenizer %q, and merges alone do not make the token %q", pre, token)
		}
	}
	return nil
}

// reached tells whether merging makes one token of the characters of token.
func reached(token string, ranks map[string]int) bool {
	parts := strings.Split(token, "")
	for len(parts) > 1 {
		best, at := -1, 0
		for i := range len(parts) - 1 {
			if r, ok := ranks[parts[i]+" "+parts[i+1]]; ok && (best < 0 || r < best) {
				best, at = r, i
			}
		}
		if best < 0 {
			return false
		}
		parts[at] += parts[at+1]
		parts = slices.Delete(parts, at+1, at+2)
	}
	return true
}
