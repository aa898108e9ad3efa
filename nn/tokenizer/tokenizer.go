package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Tokenizer turns text into tokens and back. It is immutable and may be used
// from several goroutines.
//
// It is the same whether made here (NewBytes, NewWords, NewSpacedWords) or read
// from a Hugging Face tokenizer.json (Load), and it is saved in that form.
type Tokenizer struct {
	model  encoder
	pieces []piece // by id
	ids    map[string]int32
	added  []*addedToken
	find   *matcher // of the added tokens that are looked for in raw text
	before []int32  // what the post-processor puts before a text
	after  []int32  // ... and after it
	bos    int32
	eos    int32
	addBOS bool
	strip  int    // spaces removed at the start of decoded text
	join   string // put between the texts of tokens
	cleans bool   // decoded text is cleaned up; see Cleaner
	chat   map[string]string

	raw    []byte // tokenizer.json
	config []byte // tokenizer_config.json as loaded; nil: written anew
}

// encoder is the part that differs between kinds. It appends the tokens of a
// text without added tokens.
type encoder interface {
	encode(dst []int32, text string, at place, o Options) ([]int32, error)
}

// piece is what a token decodes to.
type piece struct {
	text    string
	kind    pieceKind
	content string // as the vocabulary spells it
}

type pieceKind uint8

const (
	pieceNone    pieceKind = iota // an id without a token
	pieceText                     // text
	pieceByte                     // bytes of text, which may begin or end within a character
	pieceSpecial                  // decodes to nothing
)

// UnknownTextError says that a tokenizer cannot express a text.
type UnknownTextError struct {
	Rune   rune
	Offset int // of the rune in the text, in bytes; -1 if it is not from the text itself
}

func (e *UnknownTextError) Error() string {
	return fmt.Sprintf("encoding text: the tokenizer has no token for %q at byte %d", e.Rune, e.Offset)
}

// Size is the number of tokens: ids are below it.
func (t *Tokenizer) Size() int { return len(t.pieces) }

// BOS is the begin token, -1 if there is none.
func (t *Tokenizer) BOS() int32 { return t.bos }

// EOS is the end token, -1 if there is none.
func (t *Tokenizer) EOS() int32 { return t.eos }

// AddsBOS tells whether texts for this tokenizer's model start with BOS. Encode
// does not add it, because texts are encoded in parts.
func (t *Tokenizer) AddsBOS() bool { return t.addBOS && t.bos >= 0 }

// ChatTemplate is the Jinja template that came with a loaded tokenizer, or "".
// Of several it is the one named default.
func (t *Tokenizer) ChatTemplate() string { return t.chat["default"] }

// ChatTemplates are all templates that came with it, by name, such as default
// and tool_use. The caller must not change the map.
func (t *Tokenizer) ChatTemplates() map[string]string { return t.chat }

// Token is the vocabulary's spelling of a token, "" if there is none.
func (t *Tokenizer) Token(id int32) string {
	if id < 0 || int(id) >= len(t.pieces) {
		return ""
	}
	return t.pieces[id].content
}

// ID finds a token by the vocabulary's spelling.
func (t *Tokenizer) ID(content string) (int32, bool) {
	id, ok := t.ids[content]
	if !ok {
		return -1, false
	}
	return id, true
}

// Hash identifies the tokenizer: the SHA-256 of its tokenizer.json, in hex.
func (t *Tokenizer) Hash() string {
	sum := sha256.Sum256(t.raw)
	return hex.EncodeToString(sum[:])
}

// Options say how a text is encoded. None of them set is Encode.
type Options struct {
	Continue bool // other text precedes: no space is put before the first word
	Special  bool // special tokens that the text spells out become those tokens
	Unknown  bool // what cannot be expressed becomes the unknown token, if there is one
	Wrap     bool // with the tokens that the post-processor puts around a text
}

// Encode turns the start of a text into tokens. Special tokens that text spells
// out are taken as plain text. Text that cannot be expressed is an
// *UnknownTextError; nothing is ever dropped.
func (t *Tokenizer) Encode(text string) ([]int32, error) {
	return t.EncodeWith(text, Options{})
}

// Continue is Encode for text that follows other text: a tokenizer that puts a
// space before the first word does not do so.
func (t *Tokenizer) Continue(text string) ([]int32, error) {
	return t.EncodeWith(text, Options{Continue: true})
}

// EncodeSpecial is Encode, but special tokens that text spells out become those
// tokens, as in a rendered chat template. Never use it on untrusted text.
func (t *Tokenizer) EncodeSpecial(text string) ([]int32, error) {
	return t.EncodeWith(text, Options{Special: true})
}

// EncodeWith is Encode with options. With Special and Unknown it gives what
// Hugging Face's tokenizers give.
func (t *Tokenizer) EncodeWith(text string, o Options) ([]int32, error) {
	ids := make([]int32, 0, len(text)/3+8)
	if o.Wrap {
		ids = append(ids, t.before...)
	}
	for _, g := range t.find.split(text, o.Special) {
		if g.token != nil {
			ids = append(ids, g.token.id)
			continue
		}
		// An added token begins the text anew.
		at := place{start: !o.Continue || g.from > 0, first: !o.Continue && g.from == 0}
		var err error
		if ids, err = t.model.encode(ids, text[g.from:g.to], at, o); err != nil {
			if u, ok := err.(*UnknownTextError); ok && u.Offset >= 0 {
				u.Offset += g.from
			}
			return nil, err
		}
	}
	if o.Wrap {
		ids = append(ids, t.after...)
	}
	return ids, nil
}
