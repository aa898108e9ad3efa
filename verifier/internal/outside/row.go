package outside

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Row is what is told of one attempt.
type Row struct {
	Row        int             `json:"row"` // its number, which a reply may or must repeat
	ID         string          `json:"id"`  // of the task
	Prompt     any             `json:"prompt"`
	Completion any             `json:"completion"` // text, or messages as the prompt's
	TokenIDs   []int32         `json:"-"`          // as sampled; nil where they are not known
	Reference  json.RawMessage `json:"reference,omitempty"`
}

// Message is a turn of a prompt or completion.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Score is the answer to one row.
type Score struct {
	Value      float64
	Confidence float64 // 0 where it was not told
	Abstain    bool
	Rationale  string
}

// longestRationale bounds what is kept of a reason, in bytes.
const longestRationale = 2000

// ParseScore reads one score: a number, true or false, null for an abstention,
// or an object with value (null abstains) and, where wanted, confidence,
// abstain, rationale and row. The row must be the one asked about, and be there
// if must is set.
func ParseScore(raw []byte, row int, must bool) (Score, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return Score{}, errors.New("there is nothing")
	}
	o := struct {
		Row        *int            `json:"row"`
		Value      json.RawMessage `json:"value"`
		Confidence float64         `json:"confidence"`
		Abstain    bool            `json:"abstain"`
		Rationale  string          `json:"rationale"`
	}{Value: raw}
	if raw[0] == '{' {
		o.Value = nil
		if err := json.Unmarshal(raw, &o); err != nil {
			return Score{}, fmt.Errorf("it is no score: %s: %w", Brief(raw), err)
		}
	}
	s := Score{Confidence: o.Confidence, Abstain: o.Abstain, Rationale: Cut(o.Rationale, longestRationale)}
	switch {
	case o.Row != nil && *o.Row != row:
		return s, fmt.Errorf("it is of row %d, where row %d is due; answer the rows in their order", *o.Row, row)
	case o.Row == nil && must:
		return s, fmt.Errorf("it does not say of which row it is: %s; repeat the row's number", Brief(raw))
	case !(s.Confidence >= 0 && s.Confidence <= 1):
		return s, fmt.Errorf("its confidence is %v; it must be from 0 to 1", s.Confidence)
	}
	switch value := string(bytes.TrimSpace(o.Value)); value {
	case "null":
		s.Abstain = true
	case "":
		if !s.Abstain {
			return s, fmt.Errorf("it has no value: %s", Brief(raw))
		}
	case "true":
		s.Value = 1
	case "false":
	default:
		if json.Unmarshal(o.Value, &s.Value) != nil || math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			return s, fmt.Errorf("its value is %s, not a number", Brief(o.Value))
		}
	}
	if s.Abstain {
		s.Value = 0
	}
	return s, nil
}

// ParseLines reads the scores of rows from..from+n-1, one a line.
func ParseLines(text []byte, from, n int) ([]Score, error) {
	var scores []Score
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(scores) == n {
			return nil, fmt.Errorf("answering %d rows it writes more than %d lines; line %d is %s", n, n, i+1, Brief(line))
		}
		s, err := ParseScore(line, from+len(scores), false)
		if err != nil {
			return nil, fmt.Errorf("line %d of its answer: %w", i+1, err)
		}
		scores = append(scores, s)
	}
	if len(scores) != n {
		return nil, fmt.Errorf("it answers %d of %d rows", len(scores), n)
	}
	return scores, nil
}

// ParseList reads the scores of n rows from a JSON list.
func ParseList(list []json.RawMessage, n int) ([]Score, error) {
	if len(list) != n {
		return nil, fmt.Errorf("it gives %d scores for %d rows", len(list), n)
	}
	scores := make([]Score, n)
	for i, raw := range list {
		var err error
		if scores[i], err = ParseScore(raw, i, false); err != nil {
			return nil, fmt.Errorf("score %d: %w", i, err)
		}
	}
	return scores, nil
}

// Brief quotes the beginning of what was answered, for messages.
func Brief(raw []byte) string { return fmt.Sprintf("%q", Cut(string(bytes.TrimSpace(raw)), 60)) }

// Cut is text of at most so many bytes, whole characters and valid UTF-8.
func Cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}
