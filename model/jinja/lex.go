package jinja

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokText   tokenKind = iota // between tags
	tokOpen                    // {{ or {%
	tokClose                   // }} or %}
	tokName                    // of a variable, or a word of the language
	tokString                  // its value
	tokInt                     // digits
	tokFloat                   // digits
	tokOp                      // an operator or bracket
	tokEnd                     // of the template
)

type token struct {
	kind tokenKind
	text string
	line int
}

var (
	nameRegexp  = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*`)
	floatRegexp = regexp.MustCompile(`^\d+(_\d+)*(\.\d+(_\d+)*([eE][+-]?\d+)?|[eE][+-]?\d+)`)
	intRegexp   = regexp.MustCompile(`^(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+(_\d+)*)`)
	rawEnd      = regexp.MustCompile(`\{%([-+]?)\s*endraw\s*([-+]?)%\}`)
)

// operators, the longest first.
var operators = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", "=", "<", ">"}

// lexer cuts a template into tokens, and takes away the white space around tags
// that does not belong to the text.
type lexer struct {
	s      string
	at     int
	line   int
	tokens []token
	trim   bool // white space at the start of the next text goes
}

func lex(source string) ([]token, error) {
	s := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	l := &lexer{s: strings.TrimSuffix(s, "\n"), line: 1}
	for l.at < len(l.s) {
		if err := l.next(); err != nil {
			return nil, &Error{l.line, err}
		}
	}
	l.emit(tokEnd, "")
	return l.tokens, nil
}

func (l *lexer) emit(k tokenKind, text string) { l.tokens = append(l.tokens, token{k, text, l.line}) }

func (l *lexer) advance(n int) {
	l.line += strings.Count(l.s[l.at:l.at+n], "\n")
	l.at += n
}

// text emits text[:n] and tells whether the tag after it begins with a sign.
func (l *lexer) text(n int, sign byte, block bool) {
	t := l.s[l.at : l.at+n]
	if l.trim {
		t = strings.TrimLeft(t, " \t\n\v\f\r")
	}
	switch {
	case sign == '-':
		t = strings.TrimRight(t, " \t\n\v\f\r")
	case sign != '+' && block: // a tag alone on its line takes the indent with it
		line := strings.TrimRight(t, " \t\v\f")
		// What came before on this line must be nothing at all.
		if strings.HasSuffix(line, "\n") || line == "" && l.lineStart(n-len(t)) {
			t = line
		}
	}
	if t != "" {
		l.emit(tokText, t)
	}
	l.advance(n)
	l.trim = false
}

// lineStart tells whether l.at+skip begins a line.
func (l *lexer) lineStart(skip int) bool {
	i := l.at + skip
	return i == 0 || l.s[i-1] == '\n'
}

func (l *lexer) next() error {
	rest := l.s[l.at:]
	n := len(rest)
	for _, open := range []string{"{{", "{%", "{#"} {
		if i := strings.Index(rest, open); i >= 0 {
			n = min(n, i)
		}
	}
	if n == len(rest) {
		l.text(n, 0, false)
		return nil
	}
	open := rest[n : n+2]
	sign := byte(0)
	if after := rest[n+2:]; after != "" && (after[0] == '-' || after[0] == '+') {
		sign = after[0]
	}
	l.text(n, sign, open != "{{")
	start := l.line
	l.advance(2)
	if sign != 0 {
		l.advance(1)
	}
	switch open {
	case "{#":
		end := strings.Index(l.s[l.at:], "#}")
		if end < 0 {
			l.line = start
			return fmt.Errorf("a comment is not closed")
		}
		minus := end > 0 && l.s[l.at+end-1] == '-'
		plus := end > 0 && l.s[l.at+end-1] == '+'
		l.advance(end + 2)
		l.after(minus, !plus)
		return nil
	case "{%":
		if m := regexp.MustCompile(`^\s*raw\s*([-+]?)%\}`).FindStringSubmatchIndex(l.s[l.at:]); m != nil {
			return l.raw(m[1], l.s[l.at+m[2]:l.at+m[3]])
		}
	}
	l.emit(tokOpen, open)
	return l.tag(map[string]string{"{{": "}}", "{%": "%}"}[open])
}

// after sets what becomes of the text that follows a tag.
func (l *lexer) after(minus, newline bool) {
	l.trim = minus
	if !minus && newline && strings.HasPrefix(l.s[l.at:], "\n") {
		l.advance(1)
	}
}

func (l *lexer) raw(n int, sign string) error {
	l.advance(n)
	m := rawEnd.FindStringSubmatchIndex(l.s[l.at:])
	if m == nil {
		return fmt.Errorf("raw is not closed")
	}
	l.after(sign == "-", sign != "+")
	m = rawEnd.FindStringSubmatchIndex(l.s[l.at:])
	begin := byte(0)
	if m[2] < m[3] {
		begin = l.s[l.at+m[2]]
	}
	end := l.s[l.at+m[4] : l.at+m[5]]
	length := m[1] - m[0]
	l.text(m[0], begin, true)
	l.advance(length)
	l.after(end == "-", end != "+")
	return nil
}

// tag emits what stands in a tag, and its end.
func (l *lexer) tag(end string) error {
	depth := 0 // of brackets: }} may close two dicts
	for {
		rest := l.s[l.at:]
		if rest == "" {
			return fmt.Errorf("a tag is not closed: %s is missing", end)
		}
		if strings.ContainsRune(" \t\n\v\f\r", rune(rest[0])) {
			l.advance(1)
			continue
		}
		if depth == 0 {
			for _, sign := range []string{"", "-", "+"} {
				if strings.HasPrefix(rest, sign+end) {
					l.emit(tokClose, end)
					l.advance(len(sign + end))
					l.after(sign == "-", sign != "+" && end == "%}")
					return nil
				}
			}
		}
		n, err := l.token(rest)
		if err != nil {
			return err
		}
		switch t := l.tokens[len(l.tokens)-1]; {
		case t.kind == tokOp && strings.Contains("([{", t.text):
			depth++
		case t.kind == tokOp && strings.Contains(")]}", t.text):
			depth = max(depth-1, 0)
		}
		l.advance(n)
	}
}

// token emits one and gives its length.
func (l *lexer) token(rest string) (int, error) {
	if rest[0] == '"' || rest[0] == '\'' {
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case rest[0]:
				s, err := unescape(rest[1:i])
				l.emit(tokString, s)
				return i + 1, err
			}
		}
		return 0, fmt.Errorf("a string is not closed")
	}
	if m := nameRegexp.FindString(rest); m != "" {
		l.emit(tokName, m)
		return len(m), nil
	}
	if m := floatRegexp.FindString(rest); m != "" {
		l.emit(tokFloat, strings.ReplaceAll(m, "_", ""))
		return len(m), nil
	}
	if m := intRegexp.FindString(rest); m != "" {
		l.emit(tokInt, strings.ReplaceAll(m, "_", ""))
		return len(m), nil
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.emit(tokOp, op)
			return len(op), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return 0, fmt.Errorf("the character %q has no place in a tag", r)
}

// unescape reads the escapes of Python's strings.
func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		const letters, values = `abfnrtv\'"`, "\a\b\f\n\r\t\v\\'\""
		if k := strings.IndexByte(letters, s[i]); k >= 0 {
			b.WriteByte(values[k])
			continue
		}
		if s[i] == '\n' {
			continue
		}
		if s[i] >= '0' && s[i] <= '7' {
			n := 1
			for n < 3 && i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '7' {
				n++
			}
			x, _ := strconv.ParseUint(s[i:i+n], 8, 32)
			b.WriteRune(rune(x))
			i += n - 1
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
		if digits == 0 {
			b.WriteByte('\\')
			b.WriteByte(s[i])
			continue
		}
		if i+digits >= len(s) {
			return "", fmt.Errorf(`the escape \%c needs %d digits`, s[i], digits)
		}
		x, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		if err != nil || x > utf8.MaxRune {
			return "", fmt.Errorf(`the escape \%s is no character`, s[i:i+1+digits])
		}
		b.WriteRune(rune(x))
		i += digits
	}
	return b.String(), nil
}
