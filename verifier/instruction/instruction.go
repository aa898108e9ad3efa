// Package instruction checks instructions whose keeping can be seen from the
// text alone: lengths, words, letters, format, case. They are those of IFEval
// (Zhou et al., "Instruction-Following Evaluation for Large Language Models",
// 2023), whose rows are read as they are, with "at most" and "exactly" besides.
package instruction

import (
	"fmt"
	"strings"
)

// Verdict says whether an instruction is kept.
type Verdict int

// The verdicts. Unknown is what a rule cannot tell: two languages of one script.
const (
	Broken Verdict = iota
	Kept
	Unknown
)

// Rule is one instruction.
type Rule struct {
	Name string
	// Check says whether a text keeps the instruction, and what it has instead.
	Check func(text string) (v Verdict, found string)
}

// Judge checks a text that is not blank; a blank one keeps no instruction. With
// loose, it is enough if a variant of the text keeps the instruction: without
// asterisks, without its first line, its last or both, and any of these
// together, as in the paper (section 2.2).
func (r Rule) Judge(text string, loose bool) (Verdict, string) {
	best, found := Broken, "is empty"
	for i, variant := range variants(text, loose) {
		if strings.TrimSpace(variant) == "" {
			continue
		}
		v, f := r.Check(variant)
		switch {
		case v == Kept:
			return Kept, f
		case v == Unknown && best == Broken:
			best, found = v, f
		case i == 0:
			found = f
		}
	}
	return best, found
}

func variants(text string, loose bool) []string {
	if !loose {
		return []string{text}
	}
	lines := strings.Split(text, "\n")
	n := len(lines)
	inner := ""
	if n > 2 {
		inner = strings.Join(lines[1:n-1], "\n")
	}
	all := []string{text}
	for _, rest := range []string{strings.Join(lines[1:], "\n"), strings.Join(lines[:n-1], "\n"), inner} {
		all = append(all, strings.TrimSpace(rest))
	}
	for _, v := range all[:4] {
		all = append(all, strings.ReplaceAll(v, "*", ""))
	}
	return all
}

// Count bounds a number.
type Count struct {
	AtLeast *int `yaml:"at_least" json:"at_least" min:"0" doc:"Not fewer."`
	AtMost  *int `yaml:"at_most" json:"at_most" min:"0" doc:"Not more."`
	Exactly *int `yaml:"exactly" json:"exactly" min:"0" inline:"true" doc:"So many."`
}

func (c Count) check() error {
	switch {
	case c.AtLeast == nil && c.AtMost == nil && c.Exactly == nil:
		return fmt.Errorf("wants at_least, at_most or exactly")
	case c.Exactly != nil && (c.AtLeast != nil || c.AtMost != nil):
		return fmt.Errorf("has exactly and a limit; leave one out")
	case c.AtLeast != nil && c.AtMost != nil && *c.AtLeast > *c.AtMost:
		return fmt.Errorf("has at_least %d over at_most %d, which nothing keeps", *c.AtLeast, *c.AtMost)
	}
	for _, n := range []*int{c.AtLeast, c.AtMost, c.Exactly} {
		if n != nil && *n < 0 {
			return fmt.Errorf("has a limit below 0")
		}
	}
	return nil
}

// holds tells whether n is within the bounds, and what it should be.
func (c Count) holds(n int) (bool, string) {
	var want []string
	ok := true
	for _, b := range []struct {
		name  string
		limit *int
		in    func(limit int) bool
	}{
		{"at least", c.AtLeast, func(l int) bool { return n >= l }},
		{"at most", c.AtMost, func(l int) bool { return n <= l }},
		{"exactly", c.Exactly, func(l int) bool { return n == l }},
	} {
		if b.limit != nil {
			ok = ok && b.in(*b.limit)
			want = append(want, fmt.Sprintf("%s %d", b.name, *b.limit))
		}
	}
	return ok, strings.Join(want, " and ")
}

// counted is a rule about a number that is read from the text.
func counted(name string, c Count, count func(string) int) Rule {
	return Rule{name, func(text string) (Verdict, string) {
		n := count(text)
		ok, want := c.holds(n)
		return verdict(ok), fmt.Sprintf("has %d, not %s", n, want)
	}}
}

// plain is a rule that is kept or not.
func plain(name, otherwise string, kept func(string) bool) Rule {
	return Rule{name, func(text string) (Verdict, string) { return verdict(kept(text)), otherwise }}
}

func verdict(kept bool) Verdict {
	if kept {
		return Kept
	}
	return Broken
}
