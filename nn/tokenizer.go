package nn

import (
	"pawl/nn/constraint"
	"pawl/nn/tokenizer"
)

// Tokenizer turns text into tokens and back; package tokenizer has the whole of
// it.
type Tokenizer = tokenizer.Tokenizer

// Decoder decodes token by token.
type Decoder = tokenizer.Decoder

// Cleaner takes spaces out of decoded text; see tokenizer.Cleaner.
type Cleaner = tokenizer.Cleaner

// UnknownTextError says that a tokenizer cannot express a text.
type UnknownTextError = tokenizer.UnknownTextError

// LoadTokenizer reads tokenizer.json of a Hugging Face folder; see
// tokenizer.Load.
func LoadTokenizer(dir string) (*Tokenizer, error) { return tokenizer.Load(dir) }

// ReadTokenizer builds a tokenizer from the contents of its files; see
// tokenizer.Read.
func ReadTokenizer(raw, config []byte) (*Tokenizer, error) { return tokenizer.Read(raw, config) }

// NewBytes makes the tokenizer of raw bytes.
func NewBytes() *Tokenizer { return tokenizer.NewBytes() }

// NewWords makes a tokenizer with one token for each word, matched greedily.
func NewWords(list ...string) (*Tokenizer, error) { return tokenizer.NewWords(list...) }

// NewSpacedWords is NewWords for words that stand apart by single spaces.
func NewSpacedWords(list ...string) (*Tokenizer, error) { return tokenizer.NewSpacedWords(list...) }

// NewVocabulary is what t's tokens are to a constraint.
func NewVocabulary(t *Tokenizer) *constraint.Vocabulary {
	return constraint.NewVocabulary(t.Texts())
}
