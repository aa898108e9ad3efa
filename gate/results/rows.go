package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// row reads a result row of Pawl: id, sample, and correct, score or scores.
func (p *parser) row(row map[string]json.RawMessage, where string) (record, error) {
	rec := record{item: Item{Where: where}}
	raw, ok := row["id"]
	if !ok {
		return rec, p.errorf(where, "id: missing")
	}
	var err error
	if rec.item.ID, err = label(raw); err != nil {
		return rec, p.errorf(where, "id: %w", err)
	}
	if rec.item.ID == "" {
		return rec, p.errorf(where, "id: it is empty")
	}
	if raw, ok := row["sample"]; ok && !isNull(raw) {
		if rec.item.Sample, err = label(raw); err != nil {
			return rec, p.errorf(where, "sample: %w", err)
		}
	}
	if raw, ok := row["correct"]; ok {
		v, none, err := number(raw)
		if err != nil || !none && v != 0 && v != 1 {
			return rec, p.errorf(where, "correct: want true or false, not %s", brief(raw))
		}
		rec.scores = append(rec.scores, score{"correct", v, none, nil})
	}
	if raw, ok := row["score"]; ok {
		v, none, err := number(raw)
		if err != nil {
			return rec, p.errorf(where, "score: %w", err)
		}
		rec.scores = append(rec.scores, score{"score", v, none, nil})
	}
	if raw, ok := row["scores"]; ok && !isNull(raw) {
		if err := p.scores(&rec, raw, where); err != nil {
			return rec, err
		}
	}
	if len(rec.scores) == 0 {
		return rec, p.errorf(where, "item %q has none of correct, score and scores", clip(rec.item.name()))
	}
	return rec, nil
}

// scores reads a list of {by, value, abstain} or a map from name to value. An
// abstention is not right: it counts 0.
func (p *parser) scores(rec *record, raw json.RawMessage, where string) error {
	var entries []struct {
		By      *string         `json:"by"`
		Value   json.RawMessage `json:"value"`
		Abstain bool            `json:"abstain"`
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		if err := json.Unmarshal(raw, &entries); err != nil {
			return p.errorf(where, "scores: want a list of {\"by\", \"value\"}: %w", err)
		}
		for i, e := range entries {
			if e.By == nil || *e.By == "" {
				return p.errorf(where, "scores[%d].by: missing", i)
			}
			s := score{name: *e.By}
			if !e.Abstain {
				var err error
				if e.Value == nil {
					return p.errorf(where, "scores[%d].value: missing", i)
				}
				if s.value, s.none, err = number(e.Value); err != nil {
					return p.errorf(where, "scores[%d].value: %w", i, err)
				}
			}
			if _, twice := rec.find(s.name); twice {
				return p.errorf(where, "scores[%d].by: %q is there twice", i, clip(s.name))
			}
			rec.scores = append(rec.scores, s)
		}
		return nil
	}
	var named map[string]json.RawMessage
	if err := json.Unmarshal(raw, &named); err != nil {
		return p.errorf(where, "scores: want a list of {\"by\", \"value\"} or a map from name to value, not %s", brief(raw))
	}
	names := make([]string, 0, len(named))
	for n := range named {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		v, none, err := number(named[n])
		if err != nil {
			return p.errorf(where, "scores.%s: %w", clip(n), err)
		}
		if _, twice := rec.find(n); twice {
			return p.errorf(where, "scores.%s: the row has a field %q as well", clip(n), clip(n))
		}
		rec.scores = append(rec.scores, score{n, v, none, nil})
	}
	return nil
}

// label reads an identifier: a string or a whole number.
func label(raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return strconv.FormatInt(n, 10), nil
	}
	return "", fmt.Errorf("want a string or a whole number, not %s", brief(raw))
}

// number reads a finite number or a truth value; null is none.
func number(raw json.RawMessage) (v float64, none bool, err error) {
	switch s := string(bytes.TrimSpace(raw)); s {
	case "null":
		return 0, true, nil
	case "true":
		return 1, false, nil
	case "false":
		return 0, false, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil || math.IsInf(v, 0) {
		return 0, false, fmt.Errorf("want a number, not %s", brief(raw))
	}
	return v, false, nil
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// brief is a value as a message shows it.
func brief(raw json.RawMessage) string {
	s := clip(string(bytes.TrimSpace(raw)))
	if s == "" {
		return "nothing"
	}
	return s
}
