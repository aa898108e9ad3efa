package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// normalizer is one step. start tells that no text precedes, so that a prefix
// is due.
type normalizer func(s string, start bool) (string, error)

// maxGrowth bounds how much longer than the text normalizing makes it; the
// compatibility forms of Unicode need up to 18.
const maxGrowth = 64

func newNormalizers(raw json.RawMessage) ([]normalizer, error) {
	list, err := stages("normalizer", raw)
	if err != nil {
		return nil, err
	}
	var all []normalizer
	for _, s := range list {
		n, err := newNormalizer(s)
		if err != nil {
			return nil, fmt.Errorf("normalizer: %w", err)
		}
		all = append(all, n)
	}
	return all, nil
}

func newNormalizer(s stage) (normalizer, error) {
	switch s.kind {
	case "NFC":
		return plain(func(x string) string { return unicodeForm(norm.NFC, x) }), s.read(&struct{}{})
	case "NFD":
		return plain(func(x string) string { return unicodeForm(norm.NFD, x) }), s.read(&struct{}{})
	case "NFKC":
		return plain(func(x string) string { return unicodeForm(norm.NFKC, x) }), s.read(&struct{}{})
	case "NFKD":
		return plain(func(x string) string { return unicodeForm(norm.NFKD, x) }), s.read(&struct{}{})
	case "Lowercase":
		return plain(lower), s.read(&struct{}{})
	case "StripAccents":
		return plain(stripMarks), s.read(&struct{}{})
	case "ByteLevel":
		return plain(byteLevel), s.read(&struct{}{})
	case "Strip":
		var o struct {
			Left  bool `json:"strip_left"`
			Right bool `json:"strip_right"`
		}
		err := s.read(&o)
		return plain(func(x string) string {
			if o.Left {
				x = strings.TrimLeftFunc(x, unicode.IsSpace)
			}
			if o.Right {
				x = strings.TrimRightFunc(x, unicode.IsSpace)
			}
			return x
		}), err
	case "Prepend":
		var o struct {
			Prepend string `json:"prepend"`
		}
		err := errors.Join(s.read(&o), bounded("prepend", o.Prepend))
		return func(x string, start bool) (string, error) {
			if start && x != "" {
				x = o.Prepend + x
			}
			return x, nil
		}, err
	case "Replace":
		var o struct {
			Pattern patternJSON `json:"pattern"`
			Content string      `json:"content"`
		}
		if err := errors.Join(s.read(&o), bounded("content", o.Content)); err != nil {
			return nil, err
		}
		p, err := o.Pattern.compile()
		return func(x string, _ bool) (string, error) { return p.replace(x, o.Content) }, err
	}
	return nil, s.unsupported()
}

func plain(f func(string) string) normalizer {
	return func(s string, _ bool) (string, error) { return f(s), nil }
}

// normalize runs all steps over a valid text.
func normalize(list []normalizer, s string, start bool) (string, error) {
	most := maxGrowth * (len(s) + maxContent)
	for _, n := range list {
		var err error
		if s, err = n(s, start); err != nil {
			return "", err
		}
		if len(s) > most {
			return "", errTooLong
		}
	}
	return s, nil
}

var errTooLong = fmt.Errorf("normalizing text: it grows more than %d times", maxGrowth)

func (p pattern) replace(s, content string) (string, error) {
	if p.regex == nil && !strings.Contains(s, p.text) {
		return s, nil
	}
	spans, err := p.spans(s)
	if err != nil {
		return "", err
	}
	if len(spans)*len(content) > maxGrowth*(len(s)+maxContent) {
		return "", errTooLong
	}
	var b strings.Builder
	at := 0
	for _, x := range spans {
		b.WriteString(s[at:x[0]])
		b.WriteString(content)
		at = x[1]
	}
	b.WriteString(s[at:])
	return b.String(), nil
}

// lower maps each character by itself, as the files' makers do: a capital sigma
// at the end of a word is no exception.
func lower(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == 'İ' { // the one character whose lower case is two
			b.WriteString("i\u0307")
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func stripMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsMark(r) {
			return -1
		}
		return r
	}, s)
}
