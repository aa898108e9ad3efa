package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// preTokenizer is one step: it cuts pieces of text into smaller ones, which are
// never empty. at tells where the first piece stands.
type preTokenizer func(pieces []string, at place) ([]string, error)

// place is where a text stands in the whole.
type place struct {
	start bool // no text precedes, or an added token does: a prefix is due
	first bool // it begins the whole text
}

func newPreTokenizers(raw json.RawMessage) ([]preTokenizer, error) {
	list, err := stages("pre_tokenizer", raw)
	if err != nil {
		return nil, err
	}
	var all []preTokenizer
	for i, s := range list {
		if s.kind == "ByteLevel" && i+1 < len(list) { // whatever comes next would see no text
			return nil, fmt.Errorf("pre_tokenizer: %w", s.unsupported())
		}
		p, err := newPreTokenizer(s)
		if err != nil {
			return nil, fmt.Errorf("pre_tokenizer: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

func newPreTokenizer(s stage) (preTokenizer, error) {
	switch s.kind {
	case "ByteLevel":
		return newByteLevel(s)
	case "Metaspace":
		return newMetaspace(s)
	case "Split":
		var o struct {
			Pattern  patternJSON `json:"pattern"`
			Behavior string      `json:"behavior"`
			Invert   bool        `json:"invert"`
		}
		if err := s.read(&o); err != nil {
			return nil, err
		}
		p, err := o.Pattern.compile()
		if err != nil {
			return nil, fmt.Errorf("a Split step: %w", err)
		}
		b, err := newBehavior(o.Behavior)
		return cutting(b, o.Invert, p.spans), err
	case "Punctuation":
		var o struct {
			Behavior string `json:"behavior"`
		}
		o.Behavior = "Isolated"
		if err := s.read(&o); err != nil {
			return nil, err
		}
		b, err := newBehavior(o.Behavior)
		return cutting(b, false, each(isPunctuation)), err
	case "Digits":
		var o struct {
			Individual bool `json:"individual_digits"`
		}
		err := s.read(&o)
		b := contiguous
		if o.Individual {
			b = isolated
		}
		return cutting(b, false, each(unicode.IsNumber)), err
	case "Whitespace":
		return cutting(removed, true, wordSpans), s.read(&struct{}{})
	case "WhitespaceSplit":
		return cutting(removed, false, each(unicode.IsSpace)), s.read(&struct{}{})
	}
	return nil, s.unsupported()
}

// isPunctuation takes all of ASCII that is neither letter, digit nor space, and
// what Unicode calls punctuation.
func isPunctuation(r rune) bool {
	return unicode.IsPunct(r) || r > ' ' && r < 0x7f && unicode.IsSymbol(r)
}

// newByteLevel cuts as GPT-2 does, if asked to, and spells bytes as characters.
func newByteLevel(s stage) (preTokenizer, error) {
	o := struct {
		Prefix bool `json:"add_prefix_space"`
		Trim   bool `json:"trim_offsets"` // concerns offsets, which we do not give
		Regex  bool `json:"use_regex"`
	}{Regex: true}
	if err := s.read(&o); err != nil {
		return nil, err
	}
	cut := func(pieces []string, _ place) ([]string, error) { return pieces, nil }
	if o.Regex {
		re, err := compileRegex(gpt2Pattern)
		if err != nil {
			return nil, err
		}
		cut = cutting(isolated, false, pattern{regex: re}.spans)
	}
	return func(pieces []string, at place) ([]string, error) {
		for i, p := range pieces {
			if o.Prefix && (i > 0 || at.start) && !strings.HasPrefix(p, " ") {
				pieces[i] = " " + p
			}
		}
		pieces, err := cut(pieces, at)
		for i, p := range pieces {
			pieces[i] = byteLevel(p)
		}
		return pieces, err
	}, nil
}

// newMetaspace spells spaces as SentencePiece does, and cuts before them.
func newMetaspace(s stage) (preTokenizer, error) {
	o, err := readMetaspace(s)
	if err != nil {
		return nil, err
	}
	cut := cutting(mergedWithNext, false, pattern{text: o.Replacement}.spans)
	return func(pieces []string, at place) ([]string, error) {
		for i, p := range pieces {
			p = strings.ReplaceAll(p, " ", o.Replacement)
			due := i > 0 || at.start
			if o.Scheme == "first" {
				due = i == 0 && at.first
			}
			if due && o.Scheme != "never" && !strings.HasPrefix(p, o.Replacement) {
				p = o.Replacement + p
			}
			pieces[i] = p
		}
		if !o.Split {
			return pieces, nil
		}
		return cut(pieces, at)
	}, nil
}

// metaspaceOptions are those of the pre-tokenizer and of the decoder.
type metaspaceOptions struct {
	Replacement string `json:"replacement"`
	Scheme      string `json:"prepend_scheme"`
	Split       bool   `json:"split"`
	Prefix      *bool  `json:"add_prefix_space"` // of old files
	StrRep      string `json:"str_rep"`          // of old files, equal to replacement
}

func readMetaspace(s stage) (metaspaceOptions, error) {
	o := metaspaceOptions{Replacement: "▁", Split: true}
	if err := s.read(&o); err != nil {
		return o, err
	}
	switch {
	case o.Scheme == "" && o.Prefix != nil && !*o.Prefix:
		o.Scheme = "never"
	case o.Scheme == "":
		o.Scheme = "always"
	case o.Prefix != nil && !*o.Prefix && o.Scheme != "never":
		return o, errors.New("a Metaspace step: add_prefix_space contradicts prepend_scheme")
	}
	if o.Scheme != "always" && o.Scheme != "first" && o.Scheme != "never" {
		return o, fmt.Errorf("a Metaspace step: prepend_scheme %q is not supported", o.Scheme)
	}
	if utf8.RuneCountInString(o.Replacement) != 1 {
		return o, fmt.Errorf("a Metaspace step: the replacement %q is not one character", o.Replacement)
	}
	if o.StrRep != "" && o.StrRep != o.Replacement {
		return o, fmt.Errorf("a Metaspace step: str_rep %q differs from the replacement", o.StrRep)
	}
	return o, nil
}

// wordPattern is what the Whitespace step keeps.
var wordPattern = func() *regexp2.Regexp {
	s, err := translate(`\w+|[^\w\s]+`)
	if err != nil {
		panic(err) // a constant
	}
	return regexp2.MustCompile(s)
}()

func wordSpans(s string) ([][]int, error) { return pattern{regex: wordPattern}.spans(s) }

// each matches single characters.
func each(is func(rune) bool) func(string) ([][]int, error) {
	return func(s string) ([][]int, error) {
		var list [][]int
		for i, r := range s {
			if is(r) {
				list = append(list, []int{i, i + utf8.RuneLen(r)})
			}
		}
		return list, nil
	}
}
