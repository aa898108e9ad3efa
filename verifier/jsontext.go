package verifier

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ohler55/ojg/jp"
)

// Bounds of the JSON that is read from completions: nesting is walked by
// recursion, and numbers are compared as fractions, whose size is that of the
// exponent.
const (
	maxJSON     = 4 << 20 // bytes
	maxDepth    = 200
	maxDigits   = 400 // characters of a number
	maxExponent = 400
)

// jsonText is the part of a completion that should be JSON: the last fenced
// block that says it is, else the last of any kind, else all of it.
func jsonText(text string) string {
	block, found := "", false
	said := false
	fences(text, func(language, content string) {
		is := strings.EqualFold(language, "json")
		if is || !said {
			block, found = content, true
		}
		said = said || is
	})
	if found {
		return block
	}
	return strings.TrimSpace(text)
}

// fences yields the blocks between lines of three backticks. A block that is
// not closed, as in a completion cut short, is none.
func fences(text string, yield func(language, content string)) {
	var lines []string
	language, inside := "", false
	for line := range strings.Lines(text) {
		mark, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && inside:
			yield(language, strings.TrimSpace(strings.Join(lines, "")))
			inside = false
		case fence:
			if body, closed := strings.CutSuffix(mark, "```"); closed { // all on one line
				content, is := strings.CutPrefix(body, "json")
				yield(map[bool]string{true: "json"}[is], strings.TrimSpace(content))
				continue
			}
			language, lines, inside = strings.TrimSpace(mark), nil, true
		case inside:
			lines = append(lines, line)
		}
	}
}

// objectWithin is the last JSON object that stands in prose. It tries a bounded
// number of places, since each may be read to the end of the text.
func objectWithin(text string) (any, error) {
	var last any
	err := errors.New("there is no object")
	for range 100 {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		text = text[i:]
		dec := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			text = text[1:]
			continue
		}
		last, err = parseJSON(string(raw))
		text = text[dec.InputOffset():]
	}
	return last, err
}

// parseJSON reads text as one JSON value, strictly: repeated keys, text after
// the value, and what only some readers take for numbers are errors. Numbers
// are json.Number.
func parseJSON(text string) (any, error) {
	switch {
	case text == "":
		return nil, errors.New("it is empty")
	case len(text) > maxJSON:
		return nil, fmt.Errorf("it is longer than %d MiB", maxJSON>>20)
	case !utf8.ValidString(text):
		return nil, errors.New("it is not UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil { // its syntax, and that nothing follows
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("byte %d: %w", syntax.Offset, err)
		}
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	v, err := readValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", dec.InputOffset(), err)
	}
	return v, nil
}

func readValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		return t, checkNumber(string(t))
	case json.Delim:
		if t == '[' {
			list := []any{}
			for dec.More() {
				v, err := readValue(dec, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := dec.Token()
			return list, err
		}
		object := map[string]any{}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key := k.(string) // the decoder lets nothing else stand here
			if _, taken := object[key]; taken {
				return nil, fmt.Errorf("the key %.40q stands twice", key)
			}
			if object[key], err = readValue(dec, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := dec.Token()
		return object, err
	}
	return t, nil
}

func checkNumber(n string) error {
	_, exponent, _ := strings.Cut(strings.ToLower(n), "e")
	if e, err := strconv.Atoi(exponent); len(n) > maxDigits || exponent != "" && (err != nil || e > maxExponent || e < -maxExponent) {
		return fmt.Errorf("the number %.20s... is out of bounds: %d characters and exponents up to %d are read", n, maxDigits, maxExponent)
	}
	return nil
}

// paths are the JSONPaths of recipes, read once.
var paths sync.Map

// compiledPath reads a JSONPath as RFC 9535 has it.
func compiledPath(path string) (jp.Expr, error) {
	if x, ok := paths.Load(path); ok {
		return x.(jp.Expr), nil
	}
	if !strings.HasPrefix(path, "$") {
		return nil, errors.New("it wants to begin with $, the whole document")
	}
	x, err := jp.ParseString(path)
	if err == nil {
		paths.Store(path, x)
	}
	return x, err
}

// atPath is the one value that path finds in the JSON of a completion, as text:
// a string without quotes, objects and lists as compact JSON. Where neither a
// block nor all of it is JSON, the last object in the prose is. It is "" where
// there is no JSON, no value, or several that differ.
func atPath(text, path string) string {
	x, err := compiledPath(path)
	if err != nil {
		return "" // Validate has told
	}
	v, err := parseJSON(jsonText(text))
	if err != nil {
		v, err = objectWithin(text)
	}
	if err != nil {
		return ""
	}
	found := ""
	for i, v := range x.Get(plainNumbers(v)) {
		s, ok := v.(string)
		if !ok {
			b, err := json.Marshal(v)
			if err != nil {
				return ""
			}
			s = string(bytes.TrimSpace(b))
		}
		if i > 0 && s != found {
			return ""
		}
		found = s
	}
	return found
}

// plainNumbers replaces json.Number, in place, by what filters of paths can
// compare; whole numbers that no machine word holds stay text.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if strings.ContainsAny(string(v), ".eE") {
			if f, err := v.Float64(); err == nil {
				return f
			}
		}
		return string(v)
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}
