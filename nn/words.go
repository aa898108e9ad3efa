package nn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// words matches whole tokens, the longest first, from left to right.
//
// In tokenizer.json it is a WordLevel model behind a Split pre-tokenizer whose
// pattern lists all tokens, longest first, so that Hugging Face's matcher,
// which tries alternatives in order, does the same. What no token matches is
// an unknown word there, and an error here.
type words struct {
	byFirst [256][]word // candidates by first byte, longest first
}

type word struct {
	text string
	id   int32
}

func newWordsModel(list []word) *words {
	w := new(words)
	for _, x := range longestFirst(list) {
		w.byFirst[x.text[0]] = append(w.byFirst[x.text[0]], x)
	}
	return w
}

func longestFirst(list []word) []word {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b word) int {
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return strings.Compare(a.text, b.text)
	})
	return list
}

// wordsPattern is the pre-tokenizer's regular expression.
func wordsPattern(list []word) string {
	var b strings.Builder
	for i, x := range longestFirst(list) {
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(regexp.QuoteMeta(x.text))
	}
	return b.String()
}

func (w *words) encode(dst []int32, text string, _, _ bool) ([]int32, error) {
	for i := 0; i < len(text); {
		found := false
		for _, x := range w.byFirst[text[i]] {
			if strings.HasPrefix(text[i:], x.text) {
				dst = append(dst, x.id)
				i += len(x.text)
				found = true
				break
			}
		}
		if !found {
			r, _ := utf8.DecodeRuneInString(text[i:])
			return nil, &UnknownTextError{r, i}
		}
	}
	return dst, nil
}

// NewWords makes a tokenizer with one token for each of the given words, after
// the begin token (0) and the end token (1). Text is matched greedily: the
// longest word that fits is taken, from left to right.
func NewWords(list ...string) (*Tokenizer, error) {
	specials := []string{"<s>", "</s>"}
	seen := map[string]bool{}
	vocab := make([]word, 0, len(list))
	for i, s := range list {
		switch {
		case s == "":
			return nil, fmt.Errorf("making a word tokenizer: word %d is empty", i)
		case !utf8.ValidString(s):
			return nil, fmt.Errorf("making a word tokenizer: word %d, %q, is not UTF-8", i, s)
		case seen[s] || slices.Contains(specials, s):
			return nil, fmt.Errorf("making a word tokenizer: word %d, %q, is there twice", i, s)
		}
		seen[s] = true
		vocab = append(vocab, word{s, int32(len(specials) + i)})
	}
	j := newTokenizerJSON(specials)
	j.PreTokenizer = rawJSON(map[string]any{
		"type": "Split", "pattern": map[string]string{"Regex": wordsPattern(vocab)},
		"behavior": "Isolated", "invert": false,
	})
	j.Decoder = rawJSON(map[string]any{"type": "Fuse"})
	ids := map[string]int32{}
	for i, s := range specials {
		ids[s] = int32(i)
	}
	for _, w := range vocab {
		ids[w.text] = w.id
	}
	j.Model = rawJSON(map[string]any{"type": "WordLevel", "vocab": ids, "unk_token": "<unk>"})
	return parseTokenizer(j.bytes(), nil)
}

// NewBytes makes the tokenizer of raw bytes: padding (0), begin (1) and end (2)
// tokens, then the 256 bytes. It can express any text. In tokenizer.json it is
// BPE with byte fallback and no merges.
func NewBytes() *Tokenizer {
	specials := []string{"<pad>", "<s>", "</s>"}
	j := newTokenizerJSON(specials)
	ids := map[string]int32{}
	for i, s := range specials {
		ids[s] = int32(i)
	}
	for b := range 256 {
		ids[fmt.Sprintf("<0x%02X>", b)] = int32(len(specials) + b)
	}
	j.Decoder = rawJSON(map[string]any{"type": "Sequence", "decoders": []any{
		map[string]string{"type": "ByteFallback"}, map[string]string{"type": "Fuse"},
	}})
	j.Model = rawJSON(map[string]any{
		"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
		"end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": true,
		"ignore_merges": false, "vocab": ids, "merges": []string{},
	})
	t, err := parseTokenizer(j.bytes(), nil)
	if err != nil {
		panic(err) // it depends on nothing but this function
	}
	return t
}
