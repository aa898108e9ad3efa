package tokenizer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
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

// spaced takes text as words with one space between them. In tokenizer.json it
// is a WordLevel model behind WhitespaceSplit, without a decoder, which joins
// tokens by spaces. Other white space, which WhitespaceSplit would drop, is an
// error here.
type spaced struct{ vocab map[string]int32 }

func (s spaced) encode(dst []int32, text string, _ place, _ Options) ([]int32, error) {
	for i := 0; i < len(text); {
		end := len(text)
		if k := strings.IndexByte(text[i:], ' '); k >= 0 {
			end = i + k
		}
		id, ok := s.vocab[text[i:end]]
		if !ok {
			return nil, s.unknown(text, i, end)
		}
		dst = append(dst, id)
		if i = end + 1; i == len(text) {
			return nil, &UnknownTextError{' ', end} // a space that separates nothing
		}
	}
	return dst, nil
}

// unknown names the rune of the word text[i:end] at which it leaves the longest
// prefix that it shares with a word of the vocabulary.
func (s spaced) unknown(text string, i, end int) error {
	shared := 0
	for w := range s.vocab {
		n := 0
		for n < len(w) && i+n < end && w[n] == text[i+n] {
			n++
		}
		shared = max(shared, n)
	}
	at := i + shared
	for at > i && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	if at >= len(text) { // the word is the start of a longer one
		at = i
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	return &UnknownTextError{r, at}
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

func (w *words) encode(dst []int32, text string, _ place, _ Options) ([]int32, error) {
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
	j, ids, err := wordLevel(list)
	if err != nil {
		return nil, err
	}
	vocab := make([]word, 0, len(list))
	for _, s := range list {
		vocab = append(vocab, word{s, ids[s]})
	}
	j.PreTokenizer = rawJSON(map[string]any{
		"type": "Split", "pattern": map[string]string{"Regex": wordsPattern(vocab)},
		"behavior": "Isolated", "invert": false,
	})
	j.Decoder = rawJSON(map[string]any{"type": "Fuse"})
	return parse(j.bytes(), nil)
}

// NewSpacedWords is NewWords for text whose words stand apart by single spaces,
// which are no tokens of their own: "3 17 5" is three tokens.
func NewSpacedWords(list ...string) (*Tokenizer, error) {
	for i, s := range list {
		if strings.ContainsFunc(s, unicode.IsSpace) {
			return nil, fmt.Errorf("making a word tokenizer: word %d, %q, contains white space", i, s)
		}
	}
	j, _, err := wordLevel(list)
	if err != nil {
		return nil, err
	}
	j.PreTokenizer = rawJSON(map[string]any{"type": "WhitespaceSplit"})
	return parse(j.bytes(), nil)
}

// wordLevel is a tokenizer.json with the words as its vocabulary.
func wordLevel(list []string) (*tokenizerJSON, map[string]int32, error) {
	specials := []string{"<s>", "</s>"}
	ids := map[string]int32{}
	for i, s := range specials {
		ids[s] = int32(i)
	}
	for i, s := range list {
		_, twice := ids[s]
		switch {
		case s == "":
			return nil, nil, fmt.Errorf("making a word tokenizer: word %d is empty", i)
		case !utf8.ValidString(s):
			return nil, nil, fmt.Errorf("making a word tokenizer: word %d, %q, is not UTF-8", i, s)
		case twice:
			return nil, nil, fmt.Errorf("making a word tokenizer: word %d, %q, is there twice", i, s)
		}
		ids[s] = int32(len(specials) + i)
	}
	j := newTokenizerJSON(specials)
	j.Model = rawJSON(map[string]any{"type": "WordLevel", "vocab": ids, "unk_token": "<unk>"})
	return j, ids, nil
}

// wordLevelJSON is the model of a tokenizer of ours.
type wordLevelJSON struct {
	Type    string           `json:"type"`
	Vocab   map[string]int32 `json:"vocab"`
	Unknown string           `json:"unk_token"`
}

// newWordLevel accepts what NewWords and NewSpacedWords write.
func (t *Tokenizer) newWordLevel(j *tokenizerJSON, m *wordLevelJSON) (encoder, error) {
	var list []word
	for content, id := range m.Vocab {
		if t.pieces[id].kind == pieceText {
			if content == "" {
				return nil, fmt.Errorf("model: token %d is empty", id)
			}
			list = append(list, word{content, id})
		}
	}
	if n, err := stages("normalizer", j.Normalizer); err != nil || len(n) > 0 {
		return nil, fmt.Errorf("normalizer: none is supported with WordLevel")
	}
	pre, err := stages("pre_tokenizer", j.PreTokenizer)
	if err != nil {
		return nil, err
	}
	decoder, err := stages("decoder", j.Decoder)
	if err != nil {
		return nil, err
	}
	if len(decoder) == 0 {
		if len(pre) != 1 || pre[0].kind != "WhitespaceSplit" {
			return nil, fmt.Errorf("pre_tokenizer: with WordLevel and no decoder it must be WhitespaceSplit")
		}
		vocab := make(map[string]int32, len(list))
		for _, w := range list {
			vocab[w.text] = w.id
		}
		return spaced{vocab}, nil
	}
	var o struct {
		Pattern  patternJSON `json:"pattern"`
		Behavior string      `json:"behavior"`
		Invert   bool        `json:"invert"`
	}
	if len(pre) != 1 || pre[0].kind != "Split" || pre[0].read(&o) != nil || o.Behavior != "Isolated" || o.Invert ||
		o.Pattern.Regex == nil || *o.Pattern.Regex != wordsPattern(list) {
		return nil, fmt.Errorf("pre_tokenizer: with WordLevel it must be a Split that isolates the tokens themselves, longest first")
	}
	return newWordsModel(list), nil
}
