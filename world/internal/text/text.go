// Package text holds what the worlds of character strings share: numbering
// strings, cutting completions into steps, comparing them with the truth, and
// the slips that a model makes when it writes a string down.
package text

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"pawl/core"
	"pawl/world"
)

// Alphabet is the characters of strings, in the order in which fewer are taken.
const Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// Spell is a string over alphabet whose first numbered characters are
// determined by n; the others come from r. Strings of different numbers differ.
func Spell(n uint64, numbered int, alphabet string, length int, r *rand.Rand) string {
	b := make([]byte, length)
	for i := range b {
		if i < numbered {
			b[i] = alphabet[n%uint64(len(alphabet))]
			n /= uint64(len(alphabet))
		} else {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
	}
	return string(b)
}

// Within reports whether s is not empty and made of characters of alphabet.
func Within(s, alphabet string) bool {
	return s != "" && strings.Trim(s, alphabet) == ""
}

// Vocabulary is each character of parts once, in order of appearance.
func Vocabulary(parts ...string) []string {
	var list []string
	seen := map[rune]bool{}
	for _, c := range strings.Join(parts, "") {
		if !seen[c] {
			seen[c] = true
			list = append(list, string(c))
		}
	}
	return list
}

// Characters cuts s into steps of one character each. Space around s belongs to
// the first and the last.
func Characters(s string) []string {
	body := strings.TrimSpace(s)
	if body == "" {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	start := strings.Index(s, body)
	last := start + len(body) // the end of the last character
	var steps []string
	for from, to := 0, start; to < last; from = to {
		_, size := utf8.DecodeRuneInString(s[to:last])
		if to += size; to == last {
			return append(steps, s[from:])
		}
		steps = append(steps, s[from:to])
	}
	return steps
}

// Parts cuts s into steps that end in a semicolon, the last of which may lack
// it.
func Parts(s string) []string {
	if s == "" {
		return nil
	}
	steps := strings.SplitAfter(s, ";")
	if steps[len(steps)-1] == "" {
		steps = steps[:len(steps)-1]
	}
	return steps
}

// Exactly judges strings whose steps are characters: the first wrong step is
// the first that differs from truth, or the one after its end.
func Exactly(truth, dialect string) world.Judge {
	return func(completion string) world.Verdict {
		answer := strings.TrimSpace(completion)
		if dialect == world.Chat {
			answer = Final(completion)
		}
		v := world.Verdict{Answer: answer, Right: answer == truth, Valid: answer == truth}
		if !v.Right {
			n := 0
			for n < min(len(answer), len(truth)) && answer[n] == truth[n] {
				n++
			}
			v.FirstWrong = n + 1
			v.Reason = fmt.Sprintf("the answer is %.40s", truth)
		}
		return v
	}
}

// Stepwise judges steps joined by semicolons against truth, whose last step is
// the answer. Space around a step counts for nothing. The answer alone, or after
// wrong steps, is right and not valid.
func Stepwise(truth []string) world.Judge {
	answer := truth[len(truth)-1]
	return func(completion string) world.Verdict {
		got := strings.Split(completion, ";")
		for i := range got {
			got[i] = strings.TrimSpace(got[i])
		}
		last := got[len(got)-1]
		v := world.Verdict{Answer: last, Right: last == answer}
		n := 0
		for n < min(len(got), len(truth)) && got[n] == truth[n] {
			n++
		}
		switch {
		case n == len(got) && n == len(truth):
			v.Valid = true
			return v
		case n == len(truth):
			v.Reason = fmt.Sprintf("there are only %d steps", n)
		case n == len(got):
			v.Reason = fmt.Sprintf("step %d is missing: %.40s", n+1, truth[n])
		default:
			v.Reason = fmt.Sprintf("step %d is %.40s", n+1, truth[n])
		}
		v.FirstWrong = n + 1
		return v
	}
}

// Final is the answer of an English completion: what follows the last ####, to
// the end of its line, or else the last word; without quotes, emphasis and a
// full stop around it.
func Final(completion string) string {
	at := strings.LastIndex(completion, "####")
	if at >= 0 {
		line, _, _ := strings.Cut(completion[at+len("####"):], "\n")
		return bare(line)
	}
	words := strings.Fields(completion)
	if len(words) == 0 {
		return ""
	}
	return bare(words[len(words)-1])
}

func bare(s string) string { return strings.Trim(s, " \t\r\"'`*.") }

// Read takes the instance out of a compact prompt: what stands between keyword
// and end.
func Read(prompt, keyword, end string) (string, error) {
	body, ok := strings.CutPrefix(prompt, keyword)
	if ok {
		body, ok = strings.CutSuffix(body, end)
	}
	if !ok {
		return "", fmt.Errorf("reading prompt %.40q: it is not of the form %q", prompt, keyword+"..."+end)
	}
	return body, nil
}

// Unit is what a token of these worlds is.
const Unit = core.UnitCharacters
