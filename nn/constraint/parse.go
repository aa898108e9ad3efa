package constraint

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads a grammar of rules, in a notation like llama.cpp's GBNF:
//
//	root   ::= greeting ", " [a-z]{1,8} "!"?   # a comment
//	greeting ::= "hello" | "good " ("day" | "night")
//
// Texts stand in double quotes, with the escapes of JSON and \xHH; [a-z], [^a-z]
// and . are characters; ( ) group, | separates alternatives, and * + ? {n} {n,}
// {n,m} repeat. A rule ends where the next one begins. Texts of the grammar are
// those of root. Rules may call each other and themselves, but not before they
// have consumed something.
func Parse(grammar string) (*Grammar, error) {
	p := parser{text: grammar, rules: map[string]*expr{}}
	g, err := p.grammar()
	if err != nil {
		return nil, fmt.Errorf("parsing a grammar: %w", err)
	}
	return g, nil
}

// maxNested bounds groups within each other, and repetitions of one item.
const maxNested = 200

type parser struct {
	text  string
	at    int
	depth int
	order []string
	rules map[string]*expr
}

func (p *parser) grammar() (*Grammar, error) {
	for p.space(); p.at < len(p.text); p.space() {
		name := p.name()
		if p.space(); name == "" || !p.take("::=") {
			return nil, p.fail("a rule is expected: name ::= ...")
		}
		if p.rules[name] != nil {
			return nil, p.fail("rule %s is there twice", name)
		}
		e, err := p.alternatives()
		if err != nil {
			return nil, err
		}
		p.order, p.rules[name] = append(p.order, name), e
	}
	if p.rules["root"] == nil {
		return nil, fmt.Errorf("there is no rule root")
	}
	return compile("root", p.order, p.rules)
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{1 + strings.Count(p.text[:min(p.at, len(p.text))], "\n")}, args...)...)
}

func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// space skips white space and comments.
func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		case '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		default:
			return
		}
	}
}

func (p *parser) name() string {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

func (p *parser) alternatives() (*expr, error) {
	if p.depth++; p.depth > maxNested {
		return nil, p.fail("groups are nested too deeply")
	}
	defer func() { p.depth-- }()
	var list []*expr
	for {
		e, err := p.sequence()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if p.space(); !p.take("|") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return alt(list...), nil
}

func (p *parser) sequence() (*expr, error) {
	var list []*expr
	for {
		p.space()
		e, err := p.item()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return seq(list...), nil
		}
		if e, err = p.repeated(e); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
}

// item is what repetition applies to; nil where a sequence ends.
func (p *parser) item() (*expr, error) {
	switch {
	case p.at == len(p.text):
		return nil, nil
	case p.take("("):
		e, err := p.alternatives()
		if err != nil {
			return nil, err
		}
		if p.space(); !p.take(")") {
			return nil, p.fail("a group is not closed")
		}
		return e, nil
	case p.take("."):
		return class(0, utf8.MaxRune), nil
	case p.text[p.at] == '"':
		return p.quoted()
	case p.text[p.at] == '[':
		return p.class()
	}
	from := p.at
	name := p.name()
	if name == "" {
		return nil, nil
	}
	if p.space(); strings.HasPrefix(p.text[p.at:], "::=") {
		p.at = from // the next rule
		return nil, nil
	}
	return call(name), nil
}

func (p *parser) repeated(e *expr) (*expr, error) {
	for n := 0; ; n++ {
		if n > maxNested {
			return nil, p.fail("repetitions are nested too deeply")
		}
		switch {
		case p.take("*"):
			e = repeat(e, 0, -1)
		case p.take("+"):
			e = repeat(e, 1, -1)
		case p.take("?"):
			e = maybe(e)
		case p.take("{"):
			body, _, closed := strings.Cut(p.text[p.at:], "}")
			lo, hi, several := strings.Cut(body, ",")
			n, err := strconv.ParseUint(strings.TrimSpace(lo), 10, 12)
			m := n
			switch {
			case several && strings.TrimSpace(hi) == "":
				m = 1<<63 - 1
			case several && err == nil:
				m, err = strconv.ParseUint(strings.TrimSpace(hi), 10, 12)
			}
			if !closed || err != nil || m < n {
				return nil, p.fail("a repetition is not {n}, {n,} or {n,m} with numbers up to 4095")
			}
			p.at += len(body) + 1
			if e = repeat(e, int(n), int(m)); m == 1<<63-1 {
				e.max = -1
			}
		default:
			return e, nil
		}
	}
}

func (p *parser) quoted() (*expr, error) {
	from := p.at
	p.at++
	var b []byte
	for p.at < len(p.text) {
		if p.take(`"`) {
			return text(string(b)), nil
		}
		if strings.HasPrefix(p.text[p.at:], `\x`) && p.at+4 <= len(p.text) { // a byte, here
			v, err := strconv.ParseUint(p.text[p.at+2:p.at+4], 16, 8)
			if err != nil {
				return nil, p.fail(`\x needs two hexadecimal digits`)
			}
			b = append(b, byte(v))
			p.at += 4
			continue
		}
		r, err := p.character()
		if err != nil {
			return nil, err
		}
		b = utf8.AppendRune(b, r)
	}
	p.at = from // where it began tells more than where the grammar ends
	return nil, p.fail("a text is not closed")
}

// character is one rune of a text or class, escapes resolved.
func (p *parser) character() (rune, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	if r == utf8.RuneError && n <= 1 {
		return 0, p.fail("the grammar is not UTF-8")
	}
	p.at += n
	if r != '\\' {
		return r, nil
	}
	if p.at == len(p.text) {
		return 0, p.fail("an escape is cut short")
	}
	c := p.text[p.at]
	p.at++
	if i := strings.IndexByte(`nrtbf"\[]-^/`, c); i >= 0 {
		return rune("\n\r\t\b\f\"\\[]-^/"[i]), nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits == 0 || p.at+digits > len(p.text) {
		return 0, p.fail("the escape \\%c is unknown or cut short", c)
	}
	v, err := strconv.ParseUint(p.text[p.at:p.at+digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) {
		return 0, p.fail("\\%c%s is no character", c, p.text[p.at:p.at+digits])
	}
	p.at += digits
	return rune(v), nil
}

func (p *parser) class() (*expr, error) {
	from := p.at
	p.at++
	not := p.take("^")
	var ranges []rune
	for {
		if p.at == len(p.text) {
			p.at = from
			return nil, p.fail("a class is not closed")
		}
		if p.take("]") {
			break
		}
		lo, err := p.character()
		if err != nil {
			return nil, err
		}
		hi := lo
		if strings.HasPrefix(p.text[p.at:], "-") && !strings.HasPrefix(p.text[p.at:], "-]") {
			p.at++
			if p.at == len(p.text) {
				p.at = from
				return nil, p.fail("a class is not closed")
			}
			if hi, err = p.character(); err != nil {
				return nil, err
			}
		}
		if hi < lo {
			p.at = from
			return nil, p.fail("the range %q-%q is empty", lo, hi)
		}
		ranges = append(ranges, lo, hi)
	}
	if not {
		ranges = complement(ranges)
	}
	return class(ranges...), nil
}
