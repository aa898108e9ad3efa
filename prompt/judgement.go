package prompt

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseRanking reads the reply to rank: the attempts, from 0, best first. It is
// an order of all n, each once; ties and gaps are no ranking.
func ParseRanking(dialect, reply string, n int) (order []int, ok bool) {
	s := said(dialect, reply, "ranking", "order", "rank", "verdict")
	by := ">"
	if dialect == Chat && !strings.Contains(s, ">") {
		by = ","
	}
	seen := make([]bool, n)
	for part := range strings.SplitSeq(s, by) {
		if dialect == Chat {
			part = plainly(part)
			for _, noun := range []string{"solution", "response", "attempt"} {
				part = strings.TrimSpace(strings.TrimPrefix(part, noun))
			}
		}
		k, is := decimal(part)
		if !is || k < 1 || k > n || seen[k-1] {
			return nil, false
		}
		seen[k-1] = true
		order = append(order, k-1)
	}
	return order, len(order) == n
}

// SayRanking is the reply to rank.
func SayRanking(dialect string, order []int) string {
	parts := make([]string, len(order))
	for i, k := range order {
		parts[i] = strconv.Itoa(k + 1)
	}
	if dialect == Compact {
		return strings.Join(parts, ">")
	}
	return say(dialect, strings.Join(parts, " > "))
}

// listed is a line of a list: dashes, bullets, numbers, boxes to tick.
var listed = regexp.MustCompile(`^\s*(?:[-*•–]|\(?[0-9]{1,3}[.):]|[Qq][0-9]{1,3}[.):])\s*(?:\[[ xX]?\]\s*)?(.*)$`)

// ParseQuestions reads the reply to write_checklist: at least one question, each
// once, of which the first most count. Only what stands in a list counts, so
// that a model that asks back has written no checklist.
func ParseQuestions(dialect, reply string, most int) (questions []string, ok bool) {
	var items []string
	if dialect == Compact {
		items = strings.Split(reply, Separator)
	} else {
		text, whole := thought(reply)
		if !whole {
			return nil, false
		}
		items = listOf(text)
	}
	seen := map[string]bool{}
	for _, q := range items {
		q = strings.TrimSpace(q)
		if dialect == Chat {
			q = strings.Trim(q, " \t*_`\"")
		}
		asks := strings.HasSuffix(q, "?") || strings.HasSuffix(q, "？") || strings.HasSuffix(q, "؟")
		if len(q) > 1 && asks && !seen[q] && !strings.ContainsAny(q, "\n\r") && len(questions) < most {
			seen[q] = true
			questions = append(questions, q)
		}
	}
	return questions, len(questions) > 0
}

// listOf are the items of a JSON list of strings, or of the lines of a list.
func listOf(text string) (items []string) {
	if s, ok := block(text); ok && strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &items) == nil {
		return items
	}
	var object struct{ Questions, Checklist, Items []string }
	if s, ok := block(text); ok && strings.HasPrefix(s, "{") && json.Unmarshal([]byte(s), &object) == nil {
		return append(append(object.Questions, object.Checklist...), object.Items...)
	}
	for line := range strings.Lines(text) {
		if m := listed.FindStringSubmatch(strings.TrimRight(digits(line), " \t\r\n")); m != nil {
			items = append(items, m[1])
		}
	}
	return items
}

// Severities of errors, from mild to grave.
var Severities = []string{"minor", "major", "critical"}

// SpanError is an error in an attempt.
type SpanError struct {
	Span     string `json:"span"` // a piece of the attempt; "" for what is missing
	Type     string `json:"type,omitempty"`
	Severity string `json:"severity"` // one of Severities
	Why      string `json:"why,omitempty"`
}

// ParseErrors reads the reply to error_spans about an attempt: a JSON array, on
// its own, in the last fenced block, or from the line on where it begins. An
// empty array says that there are no errors. The error says what is wrong with
// the reply, in words for whoever gave it.
func ParseErrors(dialect, reply, attempt string) ([]SpanError, error) {
	text, whole := reply, true
	if dialect == Chat {
		text, whole = thought(reply)
	}
	raw := array(text)
	if !whole || raw == "" {
		return nil, errors.New("it holds no JSON array of errors")
	}
	var list []SpanError
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, fmt.Errorf("its JSON cannot be read as a list of errors with span, type, severity and why: %w", err)
	}
	for i := range list {
		e := &list[i]
		e.Severity = strings.ToLower(strings.TrimSpace(e.Severity))
		if !slices.Contains(Severities, e.Severity) {
			return nil, fmt.Errorf("error %d has the severity %.20q, which is none of %s", i+1, e.Severity, strings.Join(Severities, ", "))
		}
		if _, _, ok := FindSpan(attempt, e.Span); e.Span != "" && !ok {
			return nil, fmt.Errorf("the span of error %d, %.60q, does not stand in the solution", i+1, e.Span)
		}
	}
	return list, nil
}

// array is the JSON array of a reply, "" for none and where a later line begins
// another list of errors: the first may be the attempt's own, repeated.
func array(text string) string {
	if all := fence3.FindAllStringSubmatch(text, -1); len(all) > 0 {
		return unwrap(strings.TrimSpace(all[len(all)-1][1]))
	}
	first, tried := "", 0
	for rest := text; rest != "" && tried < mostArrays; _, rest, _ = strings.Cut(rest, "\n") {
		line := strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "{") {
			continue
		}
		raw := unwrap(line)
		if tried++; tried == 1 {
			if first = raw; first == "" {
				return ""
			}
			continue
		}
		var list []SpanError
		if raw != "" && raw != first && json.Unmarshal([]byte(raw), &list) == nil {
			return ""
		}
	}
	return first
}

// mostArrays bounds the places at which an array is looked for, since each may be
// read to the end of the reply.
const mostArrays = 100

// unwrap is the array that a text begins with, alone or as the errors of an
// object; what follows may be prose.
func unwrap(s string) string {
	var raw json.RawMessage
	if json.NewDecoder(strings.NewReader(s)).Decode(&raw) != nil {
		return ""
	}
	var object struct{ Errors json.RawMessage }
	if strings.HasPrefix(s, "{") {
		if json.Unmarshal(raw, &object) != nil || len(object.Errors) == 0 {
			return ""
		}
		raw = object.Errors
	}
	if !strings.HasPrefix(string(raw), "[") {
		return ""
	}
	return string(raw)
}

// FindSpan finds a span in an attempt, its bytes from and to; runs of space count
// as one. The first place counts where there are several.
func FindSpan(attempt, span string) (from, to int, ok bool) {
	if i := strings.Index(attempt, span); i >= 0 {
		return i, i + len(span), span != ""
	}
	words := strings.Fields(span)
	if len(words) == 0 {
		return 0, 0, false
	}
	for i := range words {
		words[i] = regexp.QuoteMeta(words[i])
	}
	re, err := regexp.Compile(strings.Join(words, `\s+`))
	if err != nil {
		return 0, 0, false
	}
	if at := re.FindStringIndex(attempt); at != nil {
		return at[0], at[1], true
	}
	return 0, 0, false
}
