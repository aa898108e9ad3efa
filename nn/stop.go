package nn

import "strings"

// StopText watches samples for strings; see Prompt.Watch. A sample ends with
// the token that completes one of stops, wherever token boundaries lie: the
// string may begin in the middle of a token, and end in one. Empty strings stop
// nothing. A character whose bytes are several tokens is text once it is whole.
func StopText(t *Tokenizer, stops []string) func(sample int) func(token int32) bool {
	return func(int) func(int32) bool {
		d, m := t.NewDecoder(), NewStopMatcher(stops)
		return func(token int32) bool { return m.Write(d.Write(token)) }
	}
}

// StopMatcher looks for strings in a text that arrives in pieces.
type StopMatcher struct {
	stops []string
	tail  string // the end of the text, in which a stop may have begun
	most  int    // its length: one byte less than the longest stop
}

// NewStopMatcher looks for any of stops.
func NewStopMatcher(stops []string) *StopMatcher {
	m := &StopMatcher{}
	for _, s := range stops {
		if s != "" {
			m.stops = append(m.stops, s)
			m.most = max(m.most, len(s)-1)
		}
	}
	return m
}

// Write adds to the text and tells whether a stop has been completed.
func (m *StopMatcher) Write(s string) bool {
	if s == "" || len(m.stops) == 0 {
		return false
	}
	m.tail += s
	if _, found := CutAtStop(m.tail, m.stops); found {
		return true
	}
	m.tail = m.tail[max(0, len(m.tail)-m.most):]
	return false
}

// CutAtStop returns the text before the first place where one of stops begins,
// and whether there is one.
func CutAtStop(text string, stops []string) (string, bool) {
	at := -1
	for _, s := range stops {
		if i := strings.Index(text, s); s != "" && i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return text, false
	}
	return text[:at], true
}
