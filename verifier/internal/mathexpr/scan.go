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

// emit appends a token, and marks that white space stood before it: 1 1/2 is a
// mixed number, 11/2 is none.
func (c *scanner) emit(t token) {
	t.space = c.space || len(c.out) == 0
	c.space = false
	c.out = append(c.out, t)
}

// next reads one token, or a few: letters may be a product.
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

// bolds are commands that may make a vector, or a matrix, of a letter.
var bolds = map[string]bool{"mathbf": true, "boldsymbol": true, "bold": true, "bm": true}

// faces are commands that change the face of their argument and nothing else.
var faces = map[string]bool{"mathit": true, "mathcal": true, "rm": true, "bf": true, "it": true, "mathop": true}

// command reads a command of LaTeX. What is not known stays a command, which the
// parser refuses: to leave it out would change what is said.
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
