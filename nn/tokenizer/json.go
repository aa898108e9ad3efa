package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
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
	Normalized *bool  `json:"normalized"` // without it: all but special tokens
	Special    bool   `json:"special"`
}

// Load reads tokenizer.json of a Hugging Face folder. If they are there, begin
// and end token come from tokenizer_config.json, and chat templates from it or,
// before it, from chat_template.jinja.
func Load(dir string) (*Tokenizer, error) {
	t, err := load(dir)
	if err != nil {
		return nil, fmt.Errorf("loading tokenizer %s: %w", dir, err)
	}
	return t, nil
}

func load(dir string) (*Tokenizer, error) {
	raw, err := readFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	config, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	return parse(raw, config)
}

// Read builds a tokenizer from the contents of tokenizer.json and, if not nil,
// tokenizer_config.json.
func Read(raw, config []byte) (*Tokenizer, error) {
	t, err := parse(raw, config)
	if err != nil {
		return nil, fmt.Errorf("reading a tokenizer: %w", err)
	}
	return t, nil
}

func parse(raw, config []byte) (*Tokenizer, error) {
	t := &Tokenizer{bos: -1, eos: -1, raw: raw, config: config}
	if err := t.read(raw); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	if err := t.configure(); err != nil {
		return nil, fmt.Errorf("tokenizer_config.json: %w", err)
	}
	return t, nil
}

func (t *Tokenizer) read(raw []byte) error {
	var j tokenizerJSON
	if err := strict(raw, &j); err != nil {
		return err
	}
	if j.Version != "" && j.Version != "1.0" {
		return fmt.Errorf("version %q is not supported, only 1.0", j.Version)
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(j.Model, &kind); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	var err error
	switch kind.Type {
	case "BPE", "": // old files leave it out
		var m bpeJSON
		if err := strict(j.Model, &m); err != nil {
			return fmt.Errorf("model: %w", err)
		}
		if err := t.fill(&j, m.Vocab); err != nil {
			return err
		}
		t.model, err = t.newBPE(&j, &m)
	case "WordLevel":
		var m wordLevelJSON
		if err := strict(j.Model, &m); err != nil {
			return fmt.Errorf("model: %w", err)
		}
		if err := t.fill(&j, m.Vocab); err != nil {
			return err
		}
		t.model, err = t.newWordLevel(&j, &m)
	default:
		err = fmt.Errorf("model of type %q is not supported, only BPE and WordLevel", kind.Type)
	}
	if err != nil {
		return err
	}
	return errors.Join(t.decoders(&j), t.postProcessor(&j))
}

// fill sets pieces and added tokens.
func (t *Tokenizer) fill(j *tokenizerJSON, vocab map[string]int32) error {
	size := int32(-1)
	see := func(content string, id int32) error {
		if id < 0 || id >= maxVocab {
			return fmt.Errorf("token %q has id %d; it must be between 0 and %d", content, id, maxVocab-1)
		}
		size = max(size, id)
		return nil
	}
	for content, id := range vocab {
		if err := see(content, id); err != nil {
			return err
		}
	}
	for _, a := range j.Added {
		if err := see(a.Content, a.ID); err != nil {
			return err
		}
		if a.Content == "" {
			return fmt.Errorf("added token %d is empty", a.ID)
		}
		if len(a.Content) > maxAdded {
			return fmt.Errorf("added token %d has %d bytes; at most %d are supported", a.ID, len(a.Content), maxAdded)
		}
	}
	// Real vocabularies have no large holes; a few huge ids must not cost memory.
	if most := 2*(len(vocab)+len(j.Added)) + 1024; int(size) >= most {
		return fmt.Errorf("the largest id is %d, but there are only %d tokens", size, len(vocab)+len(j.Added))
	}
	t.pieces = make([]piece, size+1)
	t.ids = make(map[string]int32, len(vocab)+len(j.Added))
	set := func(content string, id int32, kind pieceKind) error {
		p := &t.pieces[id]
		if p.kind != pieceNone && p.content != content {
			return fmt.Errorf("tokens %q and %q share id %d", min(p.content, content), max(p.content, content), id)
		}
		*p = piece{content, kind, content}
		t.ids[content] = id
		return nil
	}
	for content, id := range vocab {
		if err := set(content, id, pieceText); err != nil {
			return err
		}
	}
	t.find = newMatcher()
	for _, a := range j.Added {
		if id, ok := t.ids[a.Content]; ok && id != a.ID {
			return fmt.Errorf("added token %q has id %d, but the vocabulary gives it %d", a.Content, a.ID, id)
		}
		kind := pieceText
		if a.Special {
			kind = pieceSpecial
		}
		if err := set(a.Content, a.ID, kind); err != nil {
			return err
		}
		token := &addedToken{id: a.ID, content: a.Content, special: a.Special, normalized: !a.Special,
			singleWord: a.SingleWord, lstrip: a.LStrip, rstrip: a.RStrip}
		if a.Normalized != nil {
			token.normalized = *a.Normalized
		}
		t.added = append(t.added, token)
		if !token.normalized {
			t.find.add(token.content, token)
		}
	}
	return nil
}
