package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// bpe is byte-pair encoding: text is normalized, cut into pieces and these into
// characters, and the adjacent pair of lowest rank is merged until none is
// left. A character without a token falls back to its bytes, where there are
// tokens for them. Without merges it is the byte tokenizer.
type bpe struct {
	vocab  map[string]int32
	bytes  [256]int32 // token of each byte; -1 where there is none
	merges map[[2]int32]merge

	normalizers   []normalizer
	added         *matcher // tokens to be found in normalized text
	preTokenizers []preTokenizer

	wholeFirst   bool // a piece that is a token is not merged up
	byteFallback bool
	byteLevel    bool  // a pre-tokenizer or normalizer spells bytes as characters
	unknown      int32 // stands for characters without a token; -1 for none
	fuse         bool  // unknown characters in a row are one token
}

type bpeJSON struct {
	Type         string           `json:"type"`
	Dropout      *float64         `json:"dropout"`
	Unknown      *string          `json:"unk_token"`
	Prefix       *string          `json:"continuing_subword_prefix"`
	Suffix       *string          `json:"end_of_word_suffix"`
	Fuse         bool             `json:"fuse_unk"`
	ByteFallback bool             `json:"byte_fallback"`
	IgnoreMerges bool             `json:"ignore_merges"`
	Vocab        map[string]int32 `json:"vocab"`
	Merges       mergeList        `json:"merges"`
}

func (t *Tokenizer) newBPE(j *tokenizerJSON, m *bpeJSON) (*bpe, error) {
	b := &bpe{vocab: m.Vocab, byteFallback: m.ByteFallback, wholeFirst: m.IgnoreMerges, fuse: m.Fuse, unknown: -1}
	switch {
	case m.Dropout != nil && *m.Dropout != 0:
		return nil, errors.New("model: dropout is not supported: it draws lots")
	case m.Prefix != nil && *m.Prefix != "":
		return nil, errors.New("model: continuing_subword_prefix is not supported")
	case m.Suffix != nil && *m.Suffix != "":
		return nil, errors.New("model: end_of_word_suffix is not supported")
	}
	if m.Unknown != nil {
		id, ok := t.ID(*m.Unknown)
		if !ok {
			return nil, fmt.Errorf("model: unk_token %q is not in the vocabulary", *m.Unknown)
		}
		b.unknown = id
	}
	if err := b.learn(m.Merges); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	var err error
	if b.normalizers, err = newNormalizers(j.Normalizer); err != nil {
		return nil, err
	}
	if b.preTokenizers, err = newPreTokenizers(j.PreTokenizer); err != nil {
		return nil, err
	}
	if b.byteLevel, err = spellsBytes(j); err != nil {
		return nil, err
	}
	for x := range b.bytes {
		b.bytes[x] = -1
		content := fmt.Sprintf("<0x%02X>", x)
		if b.byteLevel {
			content = string(byteRunes[x])
		}
		if id, ok := m.Vocab[content]; ok {
			b.bytes[x] = id
		}
	}
	return b, b.findAdded(t.added)
}

// spellsBytes tells whether pieces come as characters for their bytes.
func spellsBytes(j *tokenizerJSON) (bool, error) {
	n, err := stages("normalizer", j.Normalizer)
	if err != nil {
		return false, err
	}
	p, err := stages("pre_tokenizer", j.PreTokenizer)
	found := 0
	for _, s := range append(n, p...) {
		if s.kind == "ByteLevel" {
			found++
		}
	}
	if err == nil && found > 1 {
		err = errors.New("normalizer and pre_tokenizer: two ByteLevel steps are not supported")
	}
	return found == 1, err
}

// learn sets the merges.
func (b *bpe) learn(list mergeList) error {
	b.merges = make(map[[2]int32]merge, len(list))
	for rank, pair := range list {
		var ids [3]int32
		for k, s := range [3]string{pair[0], pair[1], pair[0] + pair[1]} {
			id, ok := b.vocab[s]
			if !ok {
				return fmt.Errorf("merge %d: %q is not in the vocabulary", rank, s)
			}
			ids[k] = id
		}
		key := [2]int32{ids[0], ids[1]}
		if _, twice := b.merges[key]; !twice {
			b.merges[key] = merge{int32(rank), ids[2]}
		}
	}
	return nil
}

// findAdded spells the added tokens that are looked for in normalized text the
// way they stand there.
func (b *bpe) findAdded(list []*addedToken) error {
	b.added = newMatcher()
	for _, a := range list {
		if !a.normalized {
			continue
		}
		s, err := normalize(b.normalizers, a.content, true)
		if err != nil {
			return fmt.Errorf("added token %q: %w", a.content, err)
		}
		if len(s) > 2*maxAdded {
			return fmt.Errorf("added token %q: it is too long when normalized", a.content)
		}
		b.added.add(s, a)
	}
	return nil
}

// encode cuts bytes that are not UTF-8 out of the text: they are tokens of
// their own, and what follows them continues the text.
func (b *bpe) encode(dst []int32, text string, at place, o Options) ([]int32, error) {
	for i := 0; i < len(text); {
		n := validPrefix(text[i:])
		if n == 0 {
			id := b.bytes[text[i]]
			if id < 0 || !b.byteFallback && !b.byteLevel {
				id = b.unknown
				if !o.Unknown || id < 0 {
					return nil, &UnknownTextError{utf8.RuneError, i}
				}
			}
			dst = append(dst, id)
			n = 1
		} else {
			var err error
			if dst, err = b.section(dst, text[i:i+n], at, o); err != nil {
				if u, ok := err.(*UnknownTextError); ok && u.Offset >= 0 {
					u.Offset += i
				}
				return nil, err
			}
		}
		i += n
		at = place{}
	}
	return dst, nil
}

// validPrefix is how many bytes of s are UTF-8.
func validPrefix(s string) int {
	if utf8.ValidString(s) {
		return len(s)
	}
	i := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// section encodes valid text without added tokens of the first kind.
func (b *bpe) section(dst []int32, text string, at place, o Options) ([]int32, error) {
	s, err := normalize(b.normalizers, text, at.start)
	if err != nil {
		return nil, fmt.Errorf("encoding text: %w", err)
	}
	for _, g := range b.added.split(s, o.Special) {
		if g.token != nil {
			dst = append(dst, g.token.id)
			continue
		}
		here := place{start: at.start || g.from > 0, first: at.first && g.from == 0}
		pieces := []string{s[g.from:g.to]}
		for _, p := range b.preTokenizers {
			if pieces, err = p(pieces, here); err != nil {
				return nil, fmt.Errorf("encoding text: %w", err)
			}
		}
		for _, p := range pieces {
			if dst, err = b.word(dst, p, text, o); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

// word encodes a piece of text; text is the original, for errors.
func (b *bpe) word(dst []int32, s, text string, o Options) ([]int32, error) {
	if b.wholeFirst {
		if id, ok := b.vocab[s]; ok {
			return append(dst, id), nil
		}
	}
	base, unknown := len(dst), false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		c := s[i : i+n]
		i += n
		if id, ok := b.vocab[c]; ok {
			dst, unknown = append(dst, id), false
			continue
		}
		if b.byteFallback && b.hasBytes(c) {
			for k := range len(c) {
				dst = append(dst, b.bytes[c[k]])
			}
			unknown = false
			continue
		}
		if !o.Unknown || b.unknown < 0 {
			return nil, b.unknownText(r, text)
		}
		if !unknown || !b.fuse {
			dst = append(dst, b.unknown)
		}
		unknown = true
	}
	if len(b.merges) == 0 || len(dst)-base < 2 {
		return dst, nil
	}
	return dst[:base+len(b.merged(dst[base:]))], nil
}

func (b *bpe) hasBytes(c string) bool {
	for k := range len(c) {
		if b.bytes[c[k]] < 0 {
			return false
		}
	}
	return true
}

// unknownText blames the first character of its kind in the text: whether one
// can be expressed does not depend on its place.
func (b *bpe) unknownText(r rune, text string) error {
	if x, ok := runeBytes[r]; ok && b.byteLevel {
		at := strings.IndexByte(text, x)
		for at > 0 && !utf8.RuneStart(text[at]) {
			at--
		}
		r, _ := utf8.DecodeRuneInString(text[max(at, 0):])
		return &UnknownTextError{r, at}
	}
	return &UnknownTextError{r, strings.IndexRune(text, r)}
}

// mergeList reads merges in either form, "a b" or ["a", "b"].
type mergeList [][2]string

// UnmarshalJSON reads the list at once, since real ones are long.
func (l *mergeList) UnmarshalJSON(raw []byte) error {
	var lines []string
	if json.Unmarshal(raw, &lines) == nil {
		for i, s := range lines {
			left, right, ok := strings.Cut(s, " ")
			if !ok || strings.Contains(right, " ") {
				return fmt.Errorf("merge %d: %q is not two tokens apart by a space", i, s)
			}
			*l = append(*l, [2]string{left, right})
		}
		return nil
	}
	var pairs []json.RawMessage
	if err := json.Unmarshal(raw, &pairs); err != nil {
		return fmt.Errorf("merges: %w", err)
	}
	for i, p := range pairs {
		var pair []string
		var s string
		switch {
		case json.Unmarshal(p, &pair) == nil:
		case json.Unmarshal(p, &s) == nil:
			pair = strings.Split(s, " ")
			if len(pair) != 2 {
				return fmt.Errorf("merge %d: %q is not two tokens apart by a space", i, s)
			}
		default:
			return fmt.Errorf("merge %d: neither a string nor a pair: %s", i, p)
		}
		if len(pair) != 2 {
			return fmt.Errorf("merge %d: %d parts, want 2", i, len(pair))
		}
		*l = append(*l, [2]string(pair))
	}
	return nil
}
