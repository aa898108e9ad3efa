package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// tokenizerJSON is the tokenizer.json of Hugging Face's tokenizers. The parts
// that come in kinds are read one by one, each refusing what it cannot do.
type tokenizerJSON struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	Added         []addedJSON     `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

type addedJSON struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// stage is any normalizer, pre-tokenizer, decoder or post-processor.
type stage struct {
	Type           string            `json:"type"`
	Normalizers    []json.RawMessage `json:"normalizers"`
	Pretokenizers  []json.RawMessage `json:"pretokenizers"`
	Decoders       []json.RawMessage `json:"decoders"`
	Processors     []json.RawMessage `json:"processors"`
	Prepend        string            `json:"prepend"`
	Pattern        patternJSON       `json:"pattern"`
	Content        string            `json:"content"`
	Start          int               `json:"start"`
	Stop           int               `json:"stop"`
	Behavior       string            `json:"behavior"`
	Invert         bool              `json:"invert"`
	Replacement    string            `json:"replacement"`
	PrependScheme  string            `json:"prepend_scheme"`
	AddPrefixSpace *bool             `json:"add_prefix_space"`
	Split          *bool             `json:"split"`
	Single         []struct {
		Special *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
}

type patternJSON struct {
	String *string
	Regex  *string
}

type modelJSON struct {
	Type         string            `json:"type"`
	Vocab        map[string]int32  `json:"vocab"`
	Merges       []json.RawMessage `json:"merges"`
	ByteFallback bool              `json:"byte_fallback"`
	IgnoreMerges bool              `json:"ignore_merges"`
	Dropout      *float64          `json:"dropout"`
	Prefix       *string           `json:"continuing_subword_prefix"`
	Suffix       *string           `json:"end_of_word_suffix"`
}

// Load reads tokenizer.json of a Hugging Face folder, and begin, end
// and chat template from tokenizer_config.json if it is there.
//
// It reads BPE of the SentencePiece kind (Llama, Mistral, Gemma), and what
// NewBytes and NewWords write. Anything that it could not reproduce exactly,
// such as byte-level BPE with its regular expressions, is an error.
func Load(dir string) (*Tokenizer, error) {
	t, err := loadTokenizer(dir)
	if err != nil {
		return nil, fmt.Errorf("loading tokenizer %s: %w", dir, err)
	}
	return t, nil
}

func loadTokenizer(dir string) (*Tokenizer, error) {
	raw, err := readFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	config, err := readFile(filepath.Join(dir, "tokenizer_config.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return parseTokenizer(raw, config)
}

// Read builds a tokenizer from the contents of tokenizer.json and, if
// not nil, tokenizer_config.json.
func Read(raw, config []byte) (*Tokenizer, error) {
	t, err := parseTokenizer(raw, config)
	if err != nil {
		return nil, fmt.Errorf("reading a tokenizer: %w", err)
	}
	return t, nil
}

// parseTokenizer builds a tokenizer from tokenizer.json and, if not nil,
// tokenizer_config.json.
func parseTokenizer(raw, config []byte) (*Tokenizer, error) {
	var j tokenizerJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	t := &Tokenizer{bos: -1, eos: -1, raw: raw, config: config}
	var m modelJSON
	if err := json.Unmarshal(j.Model, &m); err != nil {
		return nil, fmt.Errorf("tokenizer.json: model: %w", err)
	}
	if err := t.fill(&j, &m); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	if err := t.decoders(&j, &m); err != nil {
		return nil, fmt.Errorf("tokenizer.json: decoder: %w", err)
	}
	var err error
	switch m.Type {
	case "BPE":
		t.model, err = newBPE(&j, &m)
	case "WordLevel":
		t.model, err = t.newWordLevel(&j, &m)
	default:
		err = fmt.Errorf("model of type %q is not supported, only BPE and WordLevel", m.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	if err := t.ends(&j); err != nil {
		return nil, err
	}
	return t, nil
}

// fill sets pieces and added tokens.
func (t *Tokenizer) fill(j *tokenizerJSON, m *modelJSON) error {
	size := int32(-1)
	see := func(content string, id int32) error {
		if id < 0 || id >= maxVocab {
			return fmt.Errorf("token %q has id %d; it must be between 0 and %d", content, id, maxVocab-1)
		}
		size = max(size, id)
		return nil
	}
	for content, id := range m.Vocab {
		if err := see(content, id); err != nil {
			return err
		}
	}
	for _, a := range j.Added {
		if err := see(a.Content, a.ID); err != nil {
			return err
		}
		if a.SingleWord || a.LStrip || a.RStrip {
			return fmt.Errorf("added token %q: single_word, lstrip and rstrip are not supported", a.Content)
		}
		if a.Content == "" {
			return fmt.Errorf("added token %d is empty", a.ID)
		}
	}
	// Real vocabularies have no large holes; a few huge ids must not cost memory.
	if most := 2*(len(m.Vocab)+len(j.Added)) + 1024; int(size) >= most {
		return fmt.Errorf("the largest id is %d, but there are only %d tokens", size, len(m.Vocab)+len(j.Added))
	}
	t.pieces = make([]piece, size+1)
	set := func(content string, id int32, kind pieceKind) error {
		p := &t.pieces[id]
		if p.kind != pieceNone && p.content != content {
			return fmt.Errorf("tokens %q and %q share id %d", min(p.content, content), max(p.content, content), id)
		}
		*p = piece{content, kind, content}
		return nil
	}
	for content, id := range m.Vocab {
		if err := set(content, id, pieceText); err != nil {
			return err
		}
	}
	for _, a := range j.Added {
		kind := pieceText
		if a.Special {
			kind = pieceSpecial
		}
		if err := set(a.Content, a.ID, kind); err != nil {
			return err
		}
		if id, ok := m.Vocab[a.Content]; ok && id != a.ID {
			return fmt.Errorf("added token %q has id %d, but the vocabulary gives it %d", a.Content, a.ID, id)
		}
		t.added = append(t.added, addedToken{a.ID, a.Content, a.Special})
	}
	return nil
}

// flatten lists the stages of a possibly nested sequence; null has none.
func flatten(raw json.RawMessage, depth int) ([]stage, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	var s stage
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.Type != "Sequence" {
		return []stage{s}, nil
	}
	if depth > 8 {
		return nil, fmt.Errorf("sequences nested more than 8 deep")
	}
	var all []stage
	for _, list := range [][]json.RawMessage{s.Normalizers, s.Pretokenizers, s.Decoders, s.Processors} {
		for _, r := range list {
			inner, err := flatten(r, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
		}
	}
	return all, nil
}

// decoders applies the decoder to the pieces once, which leaves only the
// joining of bytes and the stripping of the first space to decoding time.
func (t *Tokenizer) decoders(j *tokenizerJSON, m *modelJSON) error {
	list, err := flatten(j.Decoder, 0)
	if err != nil {
		return err
	}
	fused := false
	each := func(f func(string) string) {
		for i := range t.pieces {
			if t.pieces[i].kind == pieceText {
				t.pieces[i].text = f(t.pieces[i].text)
			}
		}
	}
	for _, s := range list {
		switch {
		case s.Type == "Replace" && s.Pattern.String != nil && !fused:
			each(func(x string) string { return strings.ReplaceAll(x, *s.Pattern.String, s.Content) })
		case s.Type == "Metaspace" && !fused:
			each(func(x string) string { return strings.ReplaceAll(x, s.metaspace(), " ") })
			if s.scheme() != "never" {
				t.strip = 1
			}
			fused = true
		case s.Type == "ByteFallback" && !fused:
			for i := range t.pieces {
				p := &t.pieces[i]
				if b, ok := byteToken(p.content); ok && p.kind == pieceText {
					p.kind, p.text = pieceByte, string([]byte{b})
				}
			}
		case s.Type == "Fuse":
			fused = true
		case s.Type == "Strip" && s.Content == " " && s.Stop == 0 && s.Start >= 0 && fused:
			t.strip = s.Start
		default:
			return fmt.Errorf("a %q step at this place is not supported", s.Type)
		}
	}
	if len(list) == 0 && m.Type == "WordLevel" {
		t.join = " "
		return nil
	}
	if !fused {
		return fmt.Errorf("tokens joined by spaces are not supported: it lacks a Fuse step")
	}
	return nil
}

// byteToken reads "<0x0A>".
func byteToken(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(s[3:5], 16, 8)
	return byte(b), err == nil
}

func (s *stage) metaspace() string {
	if s.Replacement == "" {
		return "▁"
	}
	return s.Replacement
}

func (s *stage) scheme() string {
	switch {
	case s.PrependScheme != "":
		return s.PrependScheme
	case s.AddPrefixSpace != nil && !*s.AddPrefixSpace:
		return "never"
	}
	return "always"
}

func newBPE(j *tokenizerJSON, m *modelJSON) (*bpe, error) {
	b := &bpe{vocab: m.Vocab, byteFallback: m.ByteFallback, wholeFirst: m.IgnoreMerges}
	if m.Dropout != nil && *m.Dropout != 0 {
		return nil, fmt.Errorf("model: dropout is not supported")
	}
	if (m.Prefix != nil && *m.Prefix != "") || (m.Suffix != nil && *m.Suffix != "") {
		return nil, fmt.Errorf("model: continuing_subword_prefix and end_of_word_suffix are not supported")
	}
	for i := range b.bytes {
		b.bytes[i] = -1
	}
	for content, id := range m.Vocab {
		if x, ok := byteToken(content); ok {
			b.bytes[x] = id
		}
	}
	b.merges = make(map[[2]int32]merge, len(m.Merges))
	for rank, raw := range m.Merges {
		left, right, err := mergePair(raw)
		if err != nil {
			return nil, fmt.Errorf("model: merge %d: %w", rank, err)
		}
		var ids [3]int32
		for k, s := range [3]string{left, right, left + right} {
			id, ok := m.Vocab[s]
			if !ok {
				return nil, fmt.Errorf("model: merge %d: %q is not in the vocabulary", rank, s)
			}
			ids[k] = id
		}
		key := [2]int32{ids[0], ids[1]}
		if _, twice := b.merges[key]; !twice {
			b.merges[key] = merge{int32(rank), ids[2]}
		}
	}
	return b, b.stages(j)
}

// mergePair reads a merge in either form, "a b" or ["a", "b"].
func mergePair(raw json.RawMessage) (left, right string, err error) {
	var pair []string
	if json.Unmarshal(raw, &pair) == nil {
		if len(pair) != 2 {
			return "", "", fmt.Errorf("%d parts, want 2", len(pair))
		}
		return pair[0], pair[1], nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", "", fmt.Errorf("neither a string nor a pair: %s", raw)
	}
	left, right, ok := strings.Cut(s, " ")
	if !ok || strings.Contains(right, " ") {
		return "", "", fmt.Errorf("%q is not two tokens apart by a space", s)
	}
	return left, right, nil
}

// stages reads the normalizer and the pre-tokenizer.
func (b *bpe) stages(j *tokenizerJSON) error {
	list, err := flatten(j.Normalizer, 0)
	if err != nil {
		return fmt.Errorf("normalizer: %w", err)
	}
	for _, s := range list {
		switch {
		case s.Type == "Prepend" && b.prepend == "" && len(b.replace) == 0:
			b.prepend = s.Prepend
		case s.Type == "Replace" && s.Pattern.String != nil && *s.Pattern.String != "":
			b.replace = append(b.replace, [2]string{*s.Pattern.String, s.Content})
		default:
			return fmt.Errorf("normalizer: a %q step at this place is not supported", s.Type)
		}
	}
	list, err = flatten(j.PreTokenizer, 0)
	if err != nil {
		return fmt.Errorf("pre_tokenizer: %w", err)
	}
	for _, s := range list {
		if s.Type != "Metaspace" || b.prepend != "" || len(b.replace) > 0 {
			return fmt.Errorf("pre_tokenizer: a %q step is not supported here", s.Type)
		}
		b.unlessThere = true
		b.replace = append(b.replace, [2]string{" ", s.metaspace()})
		if scheme := s.scheme(); scheme != "never" {
			b.prepend, b.onlyFirst = s.metaspace(), scheme == "first"
		}
		if s.Split == nil || *s.Split {
			b.split = s.metaspace()
		}
	}
	return nil
}

// newWordLevel accepts what NewWords and NewSpacedWords write.
func (t *Tokenizer) newWordLevel(j *tokenizerJSON, m *modelJSON) (encoder, error) {
	var list []word
	for content, id := range m.Vocab {
		if t.pieces[id].kind == pieceText {
			if content == "" {
				return nil, fmt.Errorf("model: token %d is empty", id)
			}
			list = append(list, word{content, id})
		}
	}
	if n, err := flatten(j.Normalizer, 0); err != nil || len(n) > 0 {
		return nil, fmt.Errorf("normalizer: none is supported with WordLevel")
	}
	pre, err := flatten(j.PreTokenizer, 0)
	if err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.join != "" {
		if len(pre) != 1 || pre[0].Type != "WhitespaceSplit" {
			return nil, fmt.Errorf("pre_tokenizer: with WordLevel and no decoder it must be WhitespaceSplit")
		}
		vocab := make(map[string]int32, len(list))
		for _, w := range list {
			vocab[w.text] = w.id
		}
		return spaced{vocab}, nil
	}
	if len(pre) != 1 || pre[0].Type != "Split" || pre[0].Behavior != "Isolated" || pre[0].Invert ||
		pre[0].Pattern.Regex == nil || *pre[0].Pattern.Regex != wordsPattern(list) {
		return nil, fmt.Errorf("pre_tokenizer: with WordLevel it must be a Split that isolates the tokens themselves, longest first")
	}
	return newWordsModel(list), nil
}

// ends finds begin and end tokens: as tokenizer_config.json names them, else by
// their usual names.
func (t *Tokenizer) ends(j *tokenizerJSON) error {
	var c struct {
		BOS    json.RawMessage `json:"bos_token"`
		EOS    json.RawMessage `json:"eos_token"`
		AddBOS *bool           `json:"add_bos_token"`
		Chat   json.RawMessage `json:"chat_template"`
	}
	if t.config != nil {
		if err := json.Unmarshal(t.config, &c); err != nil {
			return fmt.Errorf("tokenizer_config.json: %w", err)
		}
		_ = json.Unmarshal(c.Chat, &t.chat) // a list of several templates is left out
	}
	for _, e := range []struct {
		to    *int32
		field string
		raw   json.RawMessage
		usual string
	}{{&t.bos, "bos_token", c.BOS, "<s>"}, {&t.eos, "eos_token", c.EOS, "</s>"}} {
		name, err := tokenName(e.raw)
		if err != nil {
			return fmt.Errorf("tokenizer_config.json: %s: %w", e.field, err)
		}
		if id, ok := t.ID(name); ok && name != "" {
			*e.to = id
		} else if name != "" {
			return fmt.Errorf("tokenizer_config.json: %s %q is not in the vocabulary", e.field, name)
		} else if t.config == nil {
			if id, ok := t.ID(e.usual); ok {
				*e.to = id
			}
		}
	}
	list, err := flatten(j.PostProcessor, 0)
	if err != nil {
		return fmt.Errorf("tokenizer.json: post_processor: %w", err)
	}
	t.addBOS = len(list) == 0 && c.AddBOS != nil && *c.AddBOS
	for _, s := range list {
		if s.Type == "TemplateProcessing" && len(s.Single) > 0 && s.Single[0].Special != nil {
			id, ok := t.ID(s.Single[0].Special.ID)
			t.addBOS = ok && id == t.bos
		}
	}
	return nil
}

// tokenName reads a token given as a string, as an object, or as null.
func tokenName(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	var o struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", fmt.Errorf("neither a string nor a token: %w", err)
	}
	return o.Content, nil
}
