package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Tokenizer turns text into tokens and back. It is immutable and may be used
// from several goroutines.
//
// It is the same whether made here (NewBytes, NewWords, NewSpacedWords) or read from a Hugging
// Face tokenizer.json (Load), and it is saved in that form.
type Tokenizer struct {
	model  encoder
	pieces []piece // by id
	added  []addedToken
	bos    int32
	eos    int32
	addBOS bool
	strip  int    // spaces removed at the start of decoded text
	join   string // put between the texts of tokens
	chat   string

	raw    []byte // tokenizer.json
	config []byte // tokenizer_config.json as loaded; nil: written anew
}

// encoder is the part that differs between kinds.
type encoder interface {
	// encode appends the tokens of text. start tells that nothing precedes it,
	// first that it begins the whole text.
	encode(dst []int32, text string, start, first bool) ([]int32, error)
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
	pieceByte                     // one byte of text, in text
	pieceSpecial                  // decodes to nothing
)

type addedToken struct {
	id      int32
	content string
	special bool
}

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
func (t *Tokenizer) ChatTemplate() string { return t.chat }

// Token is the vocabulary's spelling of a token, "" if there is none.
func (t *Tokenizer) Token(id int32) string {
	if id < 0 || int(id) >= len(t.pieces) {
		return ""
	}
	return t.pieces[id].content
}

// ID finds a token by the vocabulary's spelling.
func (t *Tokenizer) ID(content string) (int32, bool) {
	for i, p := range t.pieces {
		if p.kind != pieceNone && p.content == content {
			return int32(i), true
		}
	}
	return -1, false
}

// Hash identifies the tokenizer: the SHA-256 of its tokenizer.json, in hex.
func (t *Tokenizer) Hash() string {
	sum := sha256.Sum256(t.raw)
	return hex.EncodeToString(sum[:])
}

// Encode turns the start of a text into tokens. Special tokens that text spells
// out are taken as plain text. Text that cannot be expressed is an
// *UnknownTextError; nothing is ever dropped.
func (t *Tokenizer) Encode(text string) ([]int32, error) {
	return t.encode(text, true, false)
}

// Continue is Encode for text that follows other text: a tokenizer that puts a
// space before the first word does not do so.
func (t *Tokenizer) Continue(text string) ([]int32, error) {
	return t.encode(text, false, false)
}

// EncodeSpecial is Encode, but special tokens that text spells out become those
// tokens, as in a rendered chat template. Never use it on untrusted text.
func (t *Tokenizer) EncodeSpecial(text string) ([]int32, error) {
	return t.encode(text, true, true)
}

func (t *Tokenizer) encode(text string, start, special bool) ([]int32, error) {
	ids := make([]int32, 0, len(text)/3+8)
	at := 0 // start of what is not yet encoded
	flush := func(end int) (err error) {
		if at < end {
			ids, err = t.model.encode(ids, text[at:end], start || at > 0, start && at == 0)
		}
		if u, ok := err.(*UnknownTextError); ok && u.Offset >= 0 {
			u.Offset += at
		}
		return err
	}
	for i := 0; i < len(text) && len(t.added) > 0; {
		a := t.addedAt(text[i:], special)
		if a == nil {
			i++
			continue
		}
		if err := flush(i); err != nil {
			return nil, err
		}
		ids = append(ids, a.id)
		i += len(a.content)
		at = i
	}
	if err := flush(len(text)); err != nil {
		return nil, err
	}
	return ids, nil
}

// addedAt is the longest added token that text starts with.
func (t *Tokenizer) addedAt(text string, special bool) *addedToken {
	var best *addedToken
	for i := range t.added {
		a := &t.added[i]
		if (special || !a.special) && strings.HasPrefix(text, a.content) && (best == nil || len(a.content) > len(best.content)) {
			best = a
		}
	}
	return best
}

// Decode turns tokens into text. Special tokens give nothing, bytes that are
// not UTF-8 and ids without a token give U+FFFD each.
func (t *Tokenizer) Decode(ids []int32) string {
	d := t.NewDecoder()
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(d.Write(id))
	}
	b.WriteString(d.Flush())
	return b.String()
}

// Decoder decodes token by token: what its calls return, put together, is what
// Decode gives for all tokens.
type Decoder struct {
	t       *Tokenizer
	pending []byte // the start of a character
	strip   int
	joining bool // a token with text has been there
}

// NewDecoder starts decoding a text.
func (t *Tokenizer) NewDecoder() *Decoder { return &Decoder{t: t, strip: t.strip} }

// Write returns the text that the next token completes; "" while a character is
// still incomplete.
func (d *Decoder) Write(id int32) string {
	p := piece{kind: pieceNone}
	if id >= 0 && int(id) < len(d.t.pieces) {
		p = d.t.pieces[id]
	}
	switch p.kind {
	case pieceSpecial:
		return ""
	case pieceByte:
		d.pending = append(d.pending, p.text...)
		return d.emit(d.complete(false))
	case pieceNone:
		p.text = "\uFFFD"
	}
	if d.joining {
		p.text = d.t.join + p.text
	}
	d.joining = true
	return d.emit(d.complete(true) + p.text)
}

// Flush returns what is left: U+FFFD for the bytes of an incomplete character.
func (d *Decoder) Flush() string { return d.emit(d.complete(true)) }

// complete takes the whole characters off pending; at the end, the rest, too.
func (d *Decoder) complete(end bool) string {
	if len(d.pending) == 0 {
		return ""
	}
	var b strings.Builder
	for len(d.pending) > 0 {
		if !end && !utf8.FullRune(d.pending) {
			break
		}
		r, n := utf8.DecodeRune(d.pending)
		b.WriteRune(r) // U+FFFD for one byte that fits nowhere
		d.pending = d.pending[n:]
	}
	return b.String()
}

// emit removes the spaces that the tokenizer put before the text.
func (d *Decoder) emit(s string) string {
	for d.strip > 0 && s != "" {
		if s[0] != ' ' {
			d.strip = 0
			break
		}
		s = s[1:]
		d.strip--
	}
	return s
}

// JSON returns tokenizer.json and tokenizer_config.json, the latter for a model
// with the given context unless it was loaded.
func (t *Tokenizer) JSON(context int) (tokenizer, config []byte) {
	if t.config != nil {
		return slices.Clone(t.raw), slices.Clone(t.config)
	}
	name := func(id int32) *string {
		if id < 0 {
			return nil
		}
		s := t.Token(id)
		return &s
	}
	b, err := json.MarshalIndent(struct {
		Class   string  `json:"tokenizer_class"`
		BOS     *string `json:"bos_token"`
		EOS     *string `json:"eos_token"`
		AddBOS  bool    `json:"add_bos_token"`
		AddEOS  bool    `json:"add_eos_token"`
		Cleanup bool    `json:"clean_up_tokenization_spaces"`
		Context int     `json:"model_max_length"`
	}{"PreTrainedTokenizerFast", name(t.bos), name(t.eos), t.addBOS, false, false, context}, "", "  ")
	if err != nil {
		panic(err) // strings, bools and an int
	}
	return slices.Clone(t.raw), append(b, '\n')
}
