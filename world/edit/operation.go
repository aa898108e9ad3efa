package edit

import (
	"fmt"
	"strconv"
	"strings"

	"pawl/world/internal/text"
)

// The kinds of operations, by their letter in prompts.
const (
	remove  = 'd'
	insert  = 'i'
	replace = 'r'
	swap    = 's'
)

var kinds = []byte{remove, insert, replace, swap}

// operation is one edit. at counts from 1; char is of inserts and replacements.
type operation struct {
	kind byte
	at   int
	char byte
}

// String is the operation as prompts have it.
func (o operation) String() string {
	s := string(o.kind) + strconv.Itoa(o.at)
	if o.char != 0 {
		s += string(o.char)
	}
	return s
}

func words(ops []operation) []string {
	w := make([]string, len(ops))
	for i, o := range ops {
		w[i] = o.String()
	}
	return w
}

// parse reads what String writes, and nothing else.
func parse(word string) (operation, error) {
	bad := fmt.Errorf("%.20q is no operation; write d2, i1x, r3q or s2", word)
	if len(word) < 2 {
		return operation{}, bad
	}
	o := operation{kind: word[0]}
	number := word[1:]
	if o.kind == insert || o.kind == replace {
		o.char = number[len(number)-1]
		number = number[:len(number)-1]
		if !text.Within(string(o.char), letters) {
			return operation{}, bad
		}
	}
	var err error
	if o.at, err = strconv.Atoi(number); err != nil || o.String() != word || !strings.ContainsRune("dirs", rune(o.kind)) {
		return operation{}, bad
	}
	return o, nil
}

func parseAll(list []string) ([]operation, error) {
	ops := make([]operation, len(list))
	for i, word := range list {
		var err error
		if ops[i], err = parse(word); err != nil {
			return nil, err
		}
	}
	return ops, nil
}

// fits reports whether o can be applied to a string of n characters and leaves
// one at least.
func (o operation) fits(n int) bool {
	last := n
	switch o.kind {
	case insert:
		last = n + 1
	case swap:
		last = n - 1
	case remove:
		if n == 1 {
			return false
		}
	}
	return o.at >= 1 && o.at <= last
}

// apply is s after o, which must fit. It allocates the result alone.
func (o operation) apply(s string) string {
	i := o.at - 1
	switch o.kind {
	case remove:
		return s[:i] + s[i+1:]
	case insert:
		return s[:i] + string(o.char) + s[i:]
	case replace:
		return s[:i] + string(o.char) + s[i+1:]
	default:
		return s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:]
	}
}

// states are the strings after each operation on s. The error names the first
// that does not fit.
func states(s string, ops []operation) ([]string, error) {
	list := make([]string, len(ops))
	for i, o := range ops {
		if !o.fits(len(s)) {
			return nil, fmt.Errorf("operation %d, %s, does not fit the string %.40q", i+1, o, s)
		}
		s = o.apply(s)
		list[i] = s
	}
	return list, nil
}

// english is the order that o gives.
func (o operation) english() string {
	switch o.kind {
	case remove:
		return fmt.Sprintf("delete character %d", o.at)
	case insert:
		return fmt.Sprintf("insert %c so that it becomes character %d", o.char, o.at)
	case replace:
		return fmt.Sprintf("replace character %d by %c", o.at, o.char)
	default:
		return fmt.Sprintf("swap characters %d and %d", o.at, o.at+1)
	}
}
