package constraint

import (
	"fmt"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// Regexp is the set of texts that match expr as a whole, in the syntax of
// package regexp. It needs no ^ and $; word boundaries and anchors elsewhere
// than at the ends are refused.
func Regexp(expr string) (*Grammar, error) {
	g, err := regexpGrammar(expr)
	if err != nil {
		return nil, fmt.Errorf("compiling the constraint %q: %w", expr, err)
	}
	return g, nil
}

func regexpGrammar(s string) (*Grammar, error) {
	e, err := parseRegexp(s)
	if err != nil {
		return nil, err
	}
	return compile("root", []string{"root"}, map[string]*expr{"root": e})
}

func parseRegexp(s string) (*expr, error) {
	re, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return fromRegexp(re, true, true)
}

// fromRegexp translates a parsed expression; first and last tell whether it
// stands at the beginning and the end of the whole.
func fromRegexp(re *syntax.Regexp, first, last bool) (*expr, error) {
	var subs []*expr
	for i, sub := range re.Sub {
		seqFirst, seqLast := first, last
		switch re.Op {
		case syntax.OpConcat:
			seqFirst, seqLast = first && i == 0, last && i == len(re.Sub)-1
		case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
			seqFirst, seqLast = false, false
		}
		e, err := fromRegexp(sub, seqFirst, seqLast)
		if err != nil {
			return nil, err
		}
		subs = append(subs, e)
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return alt(), nil
	case syntax.OpEmptyMatch:
		return seq(), nil
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return text(string(re.Rune)), nil
		}
		var list []*expr
		for _, r := range re.Rune {
			ranges := []rune{r, r}
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				ranges = append(ranges, f, f)
			}
			list = append(list, class(ranges...))
		}
		return seq(list...), nil
	case syntax.OpCharClass:
		return class(re.Rune...), nil
	case syntax.OpAnyChar:
		return class(0, utf8.MaxRune), nil
	case syntax.OpAnyCharNotNL:
		return class(0, '\n'-1, '\n'+1, utf8.MaxRune), nil
	case syntax.OpCapture, syntax.OpConcat:
		return seq(subs...), nil
	case syntax.OpAlternate:
		return alt(subs...), nil
	case syntax.OpStar:
		return repeat(subs[0], 0, -1), nil
	case syntax.OpPlus:
		return repeat(subs[0], 1, -1), nil
	case syntax.OpQuest:
		return maybe(subs[0]), nil
	case syntax.OpRepeat:
		return repeat(subs[0], re.Min, re.Max), nil
	case syntax.OpBeginText, syntax.OpBeginLine:
		if first {
			return seq(), nil
		}
	case syntax.OpEndText, syntax.OpEndLine:
		if last {
			return seq(), nil
		}
	}
	return nil, fmt.Errorf("%s is not supported here; the whole text must match, so that anchors stand at its ends only", re)
}
