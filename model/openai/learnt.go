package openai

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// learnt is what is known of one model at one server, from how it answered
// earlier calls of this process. Servers do not tell what they can do; most
// refuse what they cannot, some pass it over.
type learnt struct {
	mu       sync.Mutex
	several  answer // alternatives in one call
	maxField string // how the token limit is called there
	noLimit  bool   // it refuses a limit as large as ours, where nobody asked for one
	dropped  map[string]bool
	flavour  string // "" while unknown; see flavourOf
	asking   sync.Mutex
	trying   chan struct{} // closed when the first call for several alternatives has ended; nil before
}

// answer is a question's: not yet known, yes, no.
type answer int

const (
	unknown answer = iota
	yes
	no
)

// The fields that say how long an answer may be. Newer models of OpenAI know only
// the second, most other servers at least the first.
const (
	maxTokens           = "max_tokens"
	maxCompletionTokens = "max_completion_tokens"
)

func newLearnt(base string, plain bool) *learnt {
	l := &learnt{maxField: maxTokens, dropped: map[string]bool{}}
	if base == DefaultBaseURL && !plain {
		l.maxField = maxCompletionTokens
	}
	return l
}

// know is a copy of what is known now.
func (l *learnt) know() (several answer, maxField string, noLimit bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.several, l.maxField, l.noLimit
}

func (l *learnt) lacks(field string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped[field]
}

// first tells whether the caller is the first to ask for several alternatives, and
// then calls done when it has; others wait for that, so that one call finds out for
// all.
func (l *learnt) first(ctx context.Context) (done func(), err error) {
	l.mu.Lock()
	trying := l.trying
	if trying == nil {
		l.trying = make(chan struct{})
		trying = l.trying
		l.mu.Unlock()
		return func() { close(trying) }, nil
	}
	l.mu.Unlock()
	select {
	case <-trying:
		return nil, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// gave notes how many alternatives came of so many in one call.
func (l *learnt) gave(asked, got int) {
	if asked < 2 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if got < asked {
		l.several = no
	} else if l.several == unknown {
		l.several = yes
	}
}

// Fields that nobody asks for by name: an answer without them is the same answer.
// A seed is one: what was answered is kept, so that asking again is not needed to
// have it again.
var optional = []string{"seed", "stream_options", "return_token_ids"}

var (
	unknownWords = regexp.MustCompile(`(?i)unsupported|not supported|unrecogni[sz]ed|unknown|unexpected|extra|not permitted|not allowed|invalid (argument|parameter|field)|use '?max_`)
	sizeWords    = regexp.MustCompile(`(?i)too (large|big|high|many|long)|at most|maximum|exceed|less than|greater than|between|context|limit`)
	severalWords = regexp.MustCompile(`(?i)\bn_(cmpl|choices)\b|(multiple|only one|more than one|single) (\w+ )?(choice|completion|candidate|generation)`)
)

// adapt looks for what a refused call could be asked without, or by another name,
// and tells whether it found and noted something that was not known: then the
// same is asked again at once. asked tells whether the caller asked for a limit.
func (l *learnt) adapt(e *StatusError, fields map[string]any, asked bool) bool {
	if e.Status != 400 && e.Status != 422 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, has := fields["n"]; has && l.several != no && (names(e, "n") || severalWords.MatchString(e.Message)) {
		l.several = no
		return true
	}
	for _, f := range []string{maxCompletionTokens, maxTokens} {
		if _, has := fields[f]; !has || !names(e, f) {
			continue
		}
		other := maxTokens
		if f == maxTokens {
			other = maxCompletionTokens
		}
		switch {
		case unknownWords.MatchString(e.Message) && !l.dropped[f]:
			l.dropped[f], l.maxField = true, other
			return !l.dropped[other] // else it knows neither, and says so
		case sizeWords.MatchString(e.Message) && !asked && !l.noLimit:
			l.noLimit = true
			return true
		}
		return false
	}
	for _, f := range optional {
		if _, has := fields[f]; has && !l.dropped[f] && names(e, f) {
			l.dropped[f] = true
			return true
		}
	}
	return false
}

// names tells whether a refusal is about a field.
func names(e *StatusError, field string) bool {
	if e.Param != "" && e.Param != "null" && (e.Param == field || strings.HasPrefix(e.Param, field+".")) {
		return true
	}
	for _, w := range words.FindAllString(e.Message, -1) {
		if w == field {
			return true
		}
	}
	return false
}

var words = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// complained is the first of the fields that a refusal is about, "" for none.
func complained(e *StatusError, fields map[string]any) string {
	if e.Status != 400 && e.Status != 422 {
		return ""
	}
	for _, f := range slices.Sorted(maps.Keys(fields)) {
		if f != "model" && f != "messages" && f != "prompt" && len(f) > 1 && names(e, f) {
			return f
		}
	}
	return ""
}
