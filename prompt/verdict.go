package prompt

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// thought drops what a model thinks aloud before it replies. Not ok is a reply
// that was cut off while it still thought.
func thought(reply string) (string, bool) {
	const opens, closes = "<think>", "</think>"
	if i := strings.LastIndex(reply, closes); i >= 0 {
		reply = reply[i+len(closes):]
	}
	return reply, !strings.Contains(reply, opens)
}

// label announces a verdict: verdict: yes, final grade is 4.
var label = regexp.MustCompile(`^(?:final |overall )?(?:verdict|answer|grade|score|rating|choice|winner|ranking|order)\s*(?:[:=]|is\b)\s*`)

// boxed is a verdict within LaTeX.
var boxed = regexp.MustCompile(`^\\(?:boxed|text)\{(.*)\}$`)

// around is what people put around a verdict: emphasis, quotes, brackets,
// closing punctuation, of other scripts too.
const around = " \t\r\n\u00a0\u3000*_`\"'().,;:!<>[]$“”„‘’«»「」。，：；！（）．"

// plainly drops what is around a verdict, its label and case, and writes the
// digits of all scripts as 0 to 9.
func plainly(s string) string {
	s = strings.ToLower(strings.Trim(digits(s), around))
	s = strings.Trim(label.ReplaceAllString(s, ""), around)
	if m := boxed.FindStringSubmatch(s); m != nil {
		s = strings.Trim(m[1], around)
	}
	return s
}

// digits writes decimal digits of any script as 0 to 9. Unicode keeps those of a
// script together, in order, each run beginning with its zero.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		for _, t := range unicode.Nd.R16 {
			if r >= rune(t.Lo) && r <= rune(t.Hi) {
				return '0' + (r-rune(t.Lo))%10
			}
		}
		for _, t := range unicode.Nd.R32 {
			if r >= rune(t.Lo) && r <= rune(t.Hi) {
				return '0' + (r-rune(t.Lo))%10
			}
		}
		return r
	}, s)
}

// fence3 is a fenced block of Markdown.
var fence3 = regexp.MustCompile("(?s)```[a-zA-Z]*[ \\t]*\\r?\\n(.*?)\\n?[ \\t]*```")

// block is the text of the only fenced block of a reply, or the whole reply
// where there is none.
func block(reply string) (string, bool) {
	all := fence3.FindAllStringSubmatch(reply, -1)
	switch len(all) {
	case 0:
		return strings.TrimSpace(reply), !strings.Contains(reply, "```")
	case 1:
		return strings.TrimSpace(all[0][1]), true
	}
	return "", false
}

// fieldOf is the value of the one of keys that a JSON object has: the reply
// itself, or the only fenced block in it. Where it has two of them, or one
// twice, the verdict is in doubt.
func fieldOf(reply string, keys []string) (string, bool) {
	text, ok := block(reply)
	if !ok || !strings.HasPrefix(text, "{") || strings.Contains(reply, marker) {
		return "", false
	}
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return "", false
	}
	found := ""
	n := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return "", false
		}
		name, _ := key.(string)
		for _, k := range keys {
			if strings.EqualFold(name, k) {
				n++
				found = scalar(value)
			}
		}
	}
	if _, err := d.Token(); err != nil || n != 1 || found == "" { // cut off, or in doubt
		return "", false
	}
	return found, true
}

// scalar is a JSON value as a verdict is written: true is yes, a list is its
// members in order.
func scalar(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return string(raw)
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case []any:
		var parts []string
		var members []json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return ""
		}
		for _, m := range members {
			parts = append(parts, scalar(m))
		}
		return strings.Join(parts, " > ")
	}
	return ""
}

// Quotes tells whether the verdict of a reply may be nothing but a quotation: an
// attempt that ends in "#### yes" gives no verdict on itself, whoever repeats it.
// It is where a marked line of the reply stands in what it was shown as well, and
// the last line, which is where the verdict was asked for, has no marker or is set
// off as a quotation; and where the verdict is a fenced block amid prose that was
// shown as it is.
func Quotes(reply string, d Data) bool {
	texts := append([]string{d.Attempt, d.Reference, d.Criterion, d.Answer}, d.Attempts...)
	texts = append(append(texts, d.Steps...), d.Remarks...)
	for _, n := range d.Task {
		texts = append(texts, n.Content)
	}
	if !strings.Contains(reply, marker) {
		return quotesBlock(reply, texts)
	}
	shown, lines := map[string]bool{}, map[string]bool{}
	noteMarked(shown, lines, texts)
	if len(shown) == 0 {
		return false
	}
	quotes, last := false, false
	fenced, beside := false, false // within a fence, beside another line that was shown
	for line := range strings.Lines(reply) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced, beside = !fenced, false
			continue
		}
		bare := strings.Trim(line, lineEdge)
		if bare == "" {
			continue
		}
		if last = strings.HasPrefix(bare, marker); !last {
			beside = beside || fenced && lines[bare]
			continue
		}
		if shown[plainly(strings.TrimLeft(bare, "#"))] {
			quotes = true
			last = !beside && !strings.HasPrefix(line, ">")
		}
	}
	return quotes && !last
}

// quotesBlock tells whether the last fenced block of a reply, which has more to it,
// stands in what was shown, however it is spaced.
func quotesBlock(reply string, texts []string) bool {
	all := fence3.FindAllStringSubmatchIndex(reply, -1)
	if len(all) == 0 {
		return false
	}
	at := all[len(all)-1]
	said := strings.Join(strings.Fields(reply[at[2]:at[3]]), "")
	if said == "" || strings.TrimSpace(reply[:at[0]]+reply[at[1]:]) == "" {
		return false
	}
	for _, s := range texts {
		if strings.Contains(strings.Join(strings.Fields(s), ""), said) {
			return true
		}
	}
	return false
}

// noteMarked notes what follows the marker wherever it stands in a line, and all
// lines.
func noteMarked(shown, lines map[string]bool, texts []string) {
	for _, s := range texts {
		for line := range strings.Lines(s) {
			if i := strings.Index(line, marker); i >= 0 {
				shown[plainly(strings.TrimLeft(line[i:], "#"))] = true
			}
			lines[strings.Trim(line, lineEdge)] = true
		}
	}
}
