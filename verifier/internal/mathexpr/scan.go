package mathexpr

import (
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind of a token.
type kind uint8

const (
	tEnd  kind = iota
	tNum       // digits, perhaps with a point; val is its value
	tSym       // a letter, or the name of a Greek one
	tWord      // a word of prose, of a unit, or an ellipsis
	tFn        // a known function, by its own name
	tCmd       // a command of LaTeX, without its backslash
	tOp        // a sign
)

type token struct {
	kind  kind
	text  string
	val   *big.Rat
	space bool // white space stood before it
	tex   bool // a function that was written as a command
	bold  bool // a letter that is bold
}

const thousands = '\ue000' // stands for a separator that can be nothing else

// separators that are thousands' whatever stands around them.
var separators = strings.NewReplacer(`\\`, `\\`, `\bigcup`, `\cup`, `\bigcap`, `\cap`, `\leftarrow`, `\gets`, `\rightarrow`, `\to`, `\leftrightarrow`, `\iff`,
	`{,}`, string(thousands), `{, }`, string(thousands), `{ ,}`, string(thousands), `,\!`, string(thousands), `\!`, "",
	`\left.`, "", `\right.`, "", `\left`, "", `\right`, "", `\displaystyle`, " ", `\textstyle`, " ", `\limits`, "", `\nolimits`, "",
	`\bigl`, "", `\bigr`, "", `\Bigl`, "", `\Bigr`, "", `\biggl`, "", `\biggr`, "", `\big`, "", `\Big`, "", `\[`, " ", `\]`, " ", `\(`, " ", `\)`, " ", `\,`, " ", `\;`, " ", `\:`, " ", `\ `, " ", "~", " ",
	`\qquad`, " ", `\quad`, " ", `\phantom`, "", "{}", "", "\t", " ", "\n", " ", "\r", " ")

// clean removes what only sets a text: delimiters of mathematics, sizes,
// spaces, emphasis. What a $ is depends on their number: an even one delimits.
func clean(s string) string {
	s = emphasized(unicodeSigns.Replace(strings.TrimSpace(s)))
	s = unwrapped(separators.Replace(s))
	bare := strings.Count(s, "$") - strings.Count(s, `\$`)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '$':
			b.WriteString(`\text{dollar}`)
			i++
		case s[i] == '$' && bare%2 == 0:
			b.WriteByte(' ')
		case s[i] == '$':
			b.WriteString(`\text{dollar}`)
		default:
			b.WriteByte(s[i])
		}
	}
	s = strings.TrimSpace(b.String())
	if strings.HasSuffix(s, "..") { // what goes on does not end there
		s = strings.TrimRight(s, ".") + "..."
	} else if t := strings.TrimRight(s, " .,;"); t != "" {
		s = t
	}
	return s
}

// emphasized is what stands between the stars of Markdown, and the stop that
// ends its sentence.
func emphasized(s string) string {
	for _, stars := range []string{"***", "**", "__"} {
		t := strings.TrimRight(s, " .,;")
		if len(t) > 2*len(stars) && strings.HasPrefix(t, stars) && strings.HasSuffix(t, stars) && !strings.Contains(t[len(stars):len(t)-len(stars)], stars) {
			return strings.TrimSpace(t[len(stars) : len(t)-len(stars)])
		}
	}
	return s
}

// boxes frame an answer.
var boxes = strings.NewReplacer(`\boxed`, "", `\fbox`, "")

// unwrapped is what stands in the braces, boxes and dollars around a text.
func unwrapped(s string) string {
	for {
		s = strings.TrimSpace(s)
		inner := s
		if t := strings.Trim(s, "$ "); strings.HasPrefix(t, `\boxed`) || strings.HasPrefix(t, `\fbox`) {
			inner = boxes.Replace(strings.TrimRight(t, "., "))
		}
		if strings.HasPrefix(inner, "{") && balanced(inner, 0) == len(inner)-1 && !strings.Contains(topLevel(inner), ",") {
			inner = inner[1 : len(inner)-1]
		} else if inner != s && strings.HasPrefix(inner, "{") && balanced(inner, 0) == len(inner)-1 {
			inner = inner[1 : len(inner)-1]
		}
		if inner == s {
			return boxes.Replace(s)
		}
		s = inner
	}
}

// topLevel is what stands in the outermost braces and in none within them.
func topLevel(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		}
		if depth == 1 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// scanner splits a clean text into tokens.
type scanner struct {
	s       string
	i       int
	depth   int // of brackets that are open: in them a comma always separates
	out     []token
	commas  bool // 1,234 is one number, outside of brackets
	grouped bool // such a number was read
	space   bool
}

// scan splits a clean text into tokens, and tells whether commas between
// thousands were read.
func scan(s string, commas bool) ([]token, bool) {
	c := scanner{s: s, commas: commas}
	for c.i < len(c.s) {
		c.next()
	}
	return c.out, c.grouped
}

func (c *scanner) emit(t token) {
	t.space = c.space || len(c.out) == 0
	c.space = false
	c.out = append(c.out, t)
}

func (c *scanner) next() {
	r, n := utf8.DecodeRuneInString(c.s[c.i:])
	switch {
	case unicode.IsSpace(r):
		c.space = true
		c.i += n
	case isDigit(r) || r == '.' && c.i+1 < len(c.s) && isDigit(rune(c.s[c.i+1])):
		c.number()
	case strings.HasPrefix(c.s[c.i:], "..."):
		c.emit(token{kind: tWord, text: "..."})
		c.i += 3
	case r == '\\':
		c.command()
	case unicode.IsLetter(r):
		start := c.i
		for c.i < len(c.s) {
			r, n := utf8.DecodeRuneInString(c.s[c.i:])
			if !unicode.IsLetter(r) {
				break
			}
			c.i += n
		}
		c.letters(c.s[start:c.i])
	case r == radical: // of all that is written without a space
		c.i += n
		c.emit(token{kind: tFn, text: "sqrt"})
		if at := len(c.out); c.i < len(c.s) && isDigit(rune(c.s[c.i])) {
			c.number()
			c.out = append(c.out[:at], token{kind: tOp, text: "("}, c.out[at], token{kind: tOp, text: ")"})
		}
	default:
		for _, sign := range []string{"**", "<=", ">=", "!=", "==", "=/="} {
			if strings.HasPrefix(c.s[c.i:], sign) {
				c.i += len(sign)
				c.emit(token{kind: tOp, text: map[string]string{"**": "^", "<=": "<=", ">=": ">=", "!=": "!=", "==": "=", "=/=": "!="}[sign]})
				return
			}
		}
		switch r {
		case '(', '[', '{':
			c.depth++
		case ')', ']', '}':
			c.depth--
		}
		c.i += n
		c.emit(token{kind: tOp, text: string(r)})
	}
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func digitsAt(s string, i int) int {
	j := i
	for j < len(s) && isDigit(rune(s[j])) {
		j++
	}
	return j
}

// number reads digits with separators, a point, a repeating part and an
// exponent: 1,234.5, 1 000, 0.1\overline{6}, 2.5E-3.
func (c *scanner) number() {
	s, j := c.s, digitsAt(c.s, c.i)
	digits := s[c.i:j]
	if digits == "0" && j+1 < len(s) && (s[j] == 'x' || s[j] == 'b') && isDigit(rune(s[j+1])) { // 0x10, of a programmer
		c.i = j + 1
		c.emit(token{kind: tWord, text: s[c.i-2 : c.i]})
		return
	}
	for group := digits; j < len(s) && digits != ""; {
		k := j
		for k < len(s) && s[k] == ' ' {
			k++
		}
		sure := strings.HasPrefix(s[k:], string(thousands))
		switch {
		case sure:
			k += len(string(thousands))
			for k < len(s) && s[k] == ' ' {
				k++
			}
		case s[j] == ',' && c.commas && c.depth == 0 && len(group) <= 3 && digits[0] != '0':
			k = j + 1
		case k == j+1 && len(group) <= 3 && digits[0] != '0': // a space
		default:
			k = len(s)
		}
		end := digitsAt(s, min(k, len(s)))
		if end == k || !sure && end-k != 3 {
			break
		}
		c.grouped = c.grouped || s[j] == ','
		group = s[k:end]
		digits += group
		j = end
	}
	whole := digits
	if j < len(s) && s[j] == '.' && (digitsAt(s, j+1) > j+1 || whole != "" && strings.HasPrefix(s[j+1:], `\overline{`)) {
		k := digitsAt(s, j+1)
		digits += s[j:k]
		j = k
	}
	val := new(big.Rat)
	text, exp := digits, digits
	if j+1 < len(s) && (s[j] == 'e' || s[j] == 'E') {
		k := j + 1
		if s[k] == '-' || s[k] == '+' {
			k++
		}
		if end := digitsAt(s, k); end > k && end-k <= 4 && (end == len(s) || !unicode.IsLetter(rune(s[end])) && s[end] != '^' && s[end] != '*') {
			exp = digits + "e" + s[j+1:end]
			j = end
			text += "."
		}
	}
	if _, ok := val.SetString(strings.TrimSuffix(exp, ".")); !ok {
		val.SetInt64(0)
	}
	if rest, ok := strings.CutPrefix(s[j:], `\overline{`); ok && strings.Contains(digits, ".") {
		if end := digitsAt(rest, 0); end > 0 && end < len(rest) && rest[end] == '}' { // 0.1\overline{6}
			period, _ := new(big.Int).SetString(rest[:end], 10)
			nines := new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(end)), nil), big.NewInt(1))
			shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(digits)-strings.IndexByte(digits, '.')-1)), nil)
			val.Add(val, new(big.Rat).SetFrac(period, nines.Mul(nines, shift)))
			j += len(`\overline{`) + end + 1
			text = "1" // no decimal: it is exact
		}
	}
	c.i = j
	c.emit(token{kind: tNum, text: text, val: val})
}

// inText are commands whose argument is prose.
var inText = map[string]bool{"text": true, "textbf": true, "textrm": true, "textit": true, "textnormal": true, "textsf": true, "texttt": true, "mbox": true,
	"hbox": true, "emph": true, "mathrm": true, "operatorname": true, "mathsf": true}

// bolds are commands that may make a vector, or a matrix, of a letter.
var bolds = map[string]bool{"mathbf": true, "boldsymbol": true, "bold": true, "bm": true}

// faces are commands that change the face of their argument and nothing else.
var faces = map[string]bool{"mathit": true, "mathcal": true, "rm": true, "bf": true, "it": true, "mathop": true}

func (c *scanner) command() {
	j := c.i + 1
	for j < len(c.s) && (c.s[j] >= 'a' && c.s[j] <= 'z' || c.s[j] >= 'A' && c.s[j] <= 'Z') {
		j++
	}
	name := c.s[c.i+1 : j]
	if name == "" { // a sign: \{, \%, \\
		if j < len(c.s) {
			_, n := utf8.DecodeRuneInString(c.s[j:])
			name = c.s[j : j+n]
			j += n
		}
		switch name {
		case "{":
			c.depth++
		case "}":
			c.depth--
		case "%", "#", "&", "_", "-", "|":
			c.i = j
			c.emit(token{kind: tOp, text: name})
			return
		}
		c.i = j
		c.emit(token{kind: tCmd, text: name})
		return
	}
	c.i = j
	switch {
	case inText[name]:
		k := j
		for k < len(c.s) && c.s[k] == ' ' {
			k++
		}
		if k < len(c.s) && c.s[k] == '{' {
			if end := balanced(c.s, k); end > 0 {
				c.prose(c.s[k+1 : end])
				c.i = end + 1
				return
			}
		}
	case bolds[name]:
		rest := strings.TrimLeft(c.s[j:], " ")
		letter := strings.TrimPrefix(rest, "{")
		if len(letter) > 0 && unicode.IsLetter(rune(letter[0])) && letter[0] < utf8.RuneSelf && (letter == rest || strings.HasPrefix(letter[1:], "}")) {
			c.emit(token{kind: tSym, text: letter[:1], bold: true})
			if c.i = len(c.s) - len(letter) + 1; letter != rest {
				c.i++
			}
		}
	case faces[name]:
	case functions[name] != "":
		c.emit(token{kind: tFn, text: functions[name], tex: true})
	case name == "pi":
		c.emit(token{kind: tSym, text: "pi"})
	case strings.HasPrefix(name, "var") && greek[name[3:]]:
		c.emit(token{kind: tSym, text: name[3:]})
	case greek[name]:
		c.emit(token{kind: tSym, text: name})
	default:
		c.emit(token{kind: tCmd, text: name})
	}
}

// balanced is where the brace that opens at i closes, or -1.
func balanced(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

// prose reads the argument of \text: words stay whole, and a single letter is
// a name.
func (c *scanner) prose(s string) {
	c.space = true
	if strings.ContainsAny(s, `\{`) {
		inner := scanner{s: s, commas: c.commas, depth: c.depth}
		for inner.i < len(inner.s) {
			inner.next()
		}
		c.out = append(c.out, inner.out...)
		return
	}
	trimmed := strings.TrimSpace(s)
	inner := scanner{s: s, commas: c.commas, depth: c.depth, space: true}
	for inner.i < len(inner.s) {
		j := inner.i + len(s[inner.i:]) - len(strings.TrimLeftFunc(s[inner.i:], unicode.IsLetter))
		if j == inner.i {
			inner.next()
			continue
		}
		word := s[inner.i:j]
		inner.i = j
		switch {
		case functions[word] != "" && !shortWords[word]:
			inner.emit(token{kind: tFn, text: functions[word], tex: true})
		case utf8.RuneCountInString(word) == 1 && strings.Trim(trimmed, "()[].:") == word && !(strings.Contains(unitLetters, word) && c.afterValue()):
			inner.emit(token{kind: tSym, text: word})
		case len(word) <= 4 && word == strings.ToUpper(word) && word == trimmed && len(c.out) == 0: // a figure, by its points
			for _, r := range word {
				inner.emit(token{kind: tSym, text: string(r)})
			}
		default:
			inner.emit(token{kind: tWord, text: word})
		}
	}
	c.out = append(c.out, inner.out...)
	c.space = strings.HasSuffix(s, " ")
}

// unitLetters are units of one letter.
const unitLetters = "mgshlLNJWV"

// afterValue tells whether what was read last ends a value.
func (c *scanner) afterValue() bool {
	if len(c.out) == 0 {
		return false
	}
	t := c.out[len(c.out)-1]
	return t.kind == tNum || t.kind == tSym || t.is(tOp, ")", "]", "}")
}

// letters reads a run of letters: a function, a Greek letter, a word, or a
// product of variables.
func (c *scanner) letters(run string) {
	if t, ok := named(run); ok {
		c.emit(t)
		return
	}
	if utf8.RuneCountInString(run) == 1 {
		c.emit(token{kind: tSym, text: run})
		return
	}
	if shortWords[run] {
		c.emit(token{kind: tWord, text: run})
		return
	}
	if parts := split(run); parts != nil {
		for _, t := range parts {
			c.emit(t)
		}
		return
	}
	c.emit(token{kind: tWord, text: run})
}

// named is the token of a run that is one name.
func named(run string) (token, bool) {
	switch run {
	case "pi":
		return token{kind: tSym, text: "pi"}, true
	case "infinity", "inf", "oo", "infty", "Infinity":
		return token{kind: tCmd, text: "infty"}, true
	case "min", "max": // minutes, in prose; the parser knows by what follows
		return token{kind: tFn, text: run}, true
	}
	if f := functions[run]; f != "" {
		return token{kind: tFn, text: f}, true
	}
	if greek[run] {
		return token{kind: tSym, text: run}, true
	}
	return token{}, false
}

// split takes a run apart into functions, pi and up to three variables in
// all, such as isin, xcos or mx; nil if it is a word.
func split(run string) []token {
	if utf8.RuneCountInString(run) <= 3 {
		var out []token
		for i, r := range run {
			if rest := run[i:]; len(rest) > 1 {
				if t, ok := named(rest); ok && i > 0 {
					return append(out, t)
				}
			}
			out = append(out, token{kind: tSym, text: string(r)})
		}
		if strings.HasPrefix(run, "pi") {
			return []token{{kind: tSym, text: "pi"}, {kind: tSym, text: run[2:]}}
		}
		return out
	}
	for i := range run {
		if i == 0 || i > 2 {
			continue
		}
		if t, ok := named(run[i:]); ok && (t.kind == tFn || t.text == "pi") {
			return append(split(run[:i]), t)
		}
	}
	return nil
}
