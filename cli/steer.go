package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"pawl/nn/constraint"
	"pawl/recipe"
)

// steerFlags are the flags that change how every seat of a recipe samples.
type steerFlags struct {
	MinP      *float64 `name:"min-p" help:"Sample among tokens of at least this share of the likeliest one's probability; greedy decoding does so anyway." placeholder:"P"`
	Regex     *string  `help:"A regular expression that the whole of every reply matches." placeholder:"EXPR"`
	Grammar   string   `help:"A file with a grammar, in GBNF, that every reply keeps." placeholder:"FILE"`
	Schema    string   `help:"A file with a JSON schema that every reply keeps." placeholder:"FILE"`
	LogitBias []string `sep:"none" help:"Add VALUE to the logit of a token, given by its text, or by its number; may be repeated. A text that is a number stands in double quotes." placeholder:"TOKEN=VALUE"`
}

// maxSteerFile bounds grammars and schemas.
const maxSteerFile = 1 << 20

func (f *steerFlags) steering() (recipe.Steering, error) {
	s := recipe.Steering{MinP: f.MinP}
	if f.Regex != nil {
		if s.Regex = *f.Regex; s.Regex == "" {
			return s, usagef("reading --regex: it is empty; leave it out where replies are free")
		}
	}
	if f.Grammar != "" {
		b, err := steerFile("grammar", f.Grammar)
		if err != nil {
			return s, err
		}
		s.Grammar = string(b)
		if _, err := constraint.Parse(s.Grammar); err != nil {
			return s, usagef("reading --grammar %s: %w", f.Grammar, err)
		}
	}
	if f.Schema != "" {
		b, err := steerFile("schema", f.Schema)
		if err != nil {
			return s, err
		}
		if !json.Valid(b) {
			return s, usagef("reading --schema %s: it is no JSON", f.Schema)
		}
		s.Schema = json.RawMessage(bytes.TrimSpace(b))
	}
	for _, text := range f.LogitBias {
		if err := addBias(&s, text); err != nil {
			return s, err
		}
	}
	return s, nil
}

// given tells whether any of the flags is there.
func (f *steerFlags) given() bool {
	return f.MinP != nil || f.Regex != nil || f.Grammar != "" || f.Schema != "" || len(f.LogitBias) > 0
}

func steerFile(flag, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, usagef("reading --%s %s: it is not a regular file", flag, path)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	switch {
	case err != nil:
		return nil, usagef("reading --%s: %w", flag, err)
	case len(b) > maxSteerFile:
		return nil, usagef("reading --%s %s: it has %d bytes; at most %d are read", flag, path, len(b), maxSteerFile)
	case len(bytes.TrimSpace(b)) == 0:
		return nil, usagef("reading --%s %s: the file is empty", flag, path)
	}
	return b, nil
}

// addBias reads TOKEN=VALUE. What stands before the last = is a text, or a
// number, or, in double quotes, a text whatever it looks like.
func addBias(s *recipe.Steering, flag string) error {
	at := strings.LastIndex(flag, "=")
	if at < 1 {
		return usagef("reading --logit-bias %q: write TOKEN=VALUE, as in --logit-bias ' yes=2'", flag)
	}
	name := flag[:at]
	value, err := strconv.ParseFloat(flag[at+1:], 64)
	if err != nil {
		return usagef("reading --logit-bias %q: %q is no number", flag, flag[at+1:])
	}
	id, err := strconv.ParseUint(name, 10, 31)
	if err == nil {
		if s.Bias == nil {
			s.Bias = map[int32]float64{}
		}
		if _, twice := s.Bias[int32(id)]; twice {
			return usagef("reading --logit-bias %q: token %d has a bias already", flag, id)
		}
		s.Bias[int32(id)] = value
		return nil
	}
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		var text string
		if err := json.Unmarshal([]byte(name), &text); err != nil || text == "" {
			return usagef("reading --logit-bias %q: %s is no text in quotes", flag, name)
		}
		name = text
	}
	if s.BiasText == nil {
		s.BiasText = map[string]float64{}
	}
	if _, twice := s.BiasText[name]; twice {
		return usagef("reading --logit-bias %q: %q has a bias already", flag, name)
	}
	s.BiasText[name] = value
	return nil
}
