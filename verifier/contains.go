package verifier

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("contains", registry.Doc{
		Summary: "Asks whether the attempt contains all of the given words.",
		Detail: "A rule that needs neither a reference nor an oracle. The prompt does not count, only what was written " +
			"after it. With `finished`, an attempt that was cut at the token limit keeps no rule.",
		Example: "contains: {words: [dog, happy], finished: true}",
	}, newContains)
}

// ContainsConfig configures contains.
type ContainsConfig struct {
	Words    []string `yaml:"words" required:"true" doc:"What must be there, all of it; a word may be several with spaces between them."`
	Case     bool     `yaml:"case" default:"false" doc:"Whether capitals matter."`
	Within   bool     `yaml:"within" default:"false" doc:"Whether a word may be a part of a longer one: 'dog' in 'dogs'."`
	Finished bool     `yaml:"finished" default:"false" doc:"Whether the attempt must also have come to its end by itself."`
}

func newContains(_ context.Context, _ core.Host, c ContainsConfig) (core.Verifier, error) {
	if len(c.Words) == 0 {
		return nil, errors.New("configuring contains: words is empty; every attempt would keep the rule")
	}
	for i, w := range c.Words {
		if strings.TrimSpace(w) == "" {
			return nil, fmt.Errorf("configuring contains: words[%d] is empty", i)
		}
	}
	return contains{c}, nil
}

type contains struct{ cfg ContainsConfig }

// Verify scores each node 1 or 0, and says what is missing.
func (c contains) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("looking for words: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	var j core.Judgement
	for _, r := range at {
		text := attempt(ep, r)
		var missing []string
		for _, w := range c.cfg.Words {
			if !c.has(text, w) {
				missing = append(missing, w)
			}
		}
		s := core.Score{By: "contains", Nodes: []core.Ref{r}, Confidence: 1}
		switch {
		case len(missing) > 0:
			s.Rationale = fmt.Sprintf("does not contain %q", missing)
		case c.cfg.Finished && r > ep.Root() && ep.Node(r).Finish == "length":
			s.Rationale = "was cut at the token limit"
		default:
			s.Value = 1
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// has tells whether text contains a word.
func (c contains) has(text, word string) bool {
	if !c.cfg.Case {
		text, word = strings.ToLower(text), strings.ToLower(word)
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if c.cfg.Within || !inWord(before) && !inWord(after) {
			return true
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		from = i + n
	}
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
