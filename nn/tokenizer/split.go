package tokenizer

import "fmt"

// behavior says what becomes of the matches that a text is cut at.
type behavior int

const (
	removed            behavior = iota // they are dropped
	isolated                           // each is a piece
	contiguous                         // those in a row are one piece
	mergedWithPrevious                 // each ends the piece before it
	mergedWithNext                     // each begins the piece after it
)

func newBehavior(name string) (behavior, error) {
	for i, s := range []string{"Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"} {
		if s == name {
			return behavior(i), nil
		}
	}
	return 0, fmt.Errorf("the behavior %q is not supported", name)
}

// cutting makes a pre-tokenizer of what finds matches. invert takes what lies
// between the matches for matches.
func cutting(b behavior, invert bool, find func(string) ([][]int, error)) preTokenizer {
	return func(pieces []string, _ place) ([]string, error) {
		out := make([]string, 0, len(pieces))
		for _, s := range pieces {
			spans, err := find(s)
			if err != nil {
				return nil, err
			}
			out = b.cut(out, s, cover(s, spans, invert))
		}
		return out, nil
	}
}

// part is a span of a text that is a match, or lies between matches.
type part struct {
	from, to int
	match    bool
}

// cover lists matches and what lies between them, without gaps.
func cover(s string, spans [][]int, invert bool) []part {
	list := make([]part, 0, 2*len(spans)+1)
	at := 0
	for _, x := range spans {
		if at < x[0] {
			list = append(list, part{at, x[0], invert})
		}
		list = append(list, part{x[0], x[1], !invert})
		at = x[1]
	}
	if at < len(s) {
		list = append(list, part{at, len(s), invert})
	}
	return list
}

// cut appends the pieces of s. A match joins a neighbour only if the match next
// to it does not come between.
func (b behavior) cut(dst []string, s string, parts []part) []string {
	from := 0 // of the piece under way
	for i, p := range parts {
		more := i+1 < len(parts)
		join := false // with the next part
		switch b {
		case contiguous:
			join = more && parts[i+1].match == p.match
		case mergedWithPrevious:
			join = more && parts[i+1].match && !p.match
		case mergedWithNext:
			join = more && p.match && !parts[i+1].match
		}
		if join {
			continue
		}
		if from < p.to && !(b == removed && p.match) {
			dst = append(dst, s[from:p.to])
		}
		from = p.to
	}
	return dst
}
