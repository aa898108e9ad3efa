// Package overlap measures how much of a text stands in another, the
// reference: token F1, ROUGE-L, chrF and BLEU, each as its paper and the tool
// that papers cite have it. All are from 0 to 1, and 1 for equal texts that are
// long enough to have what is counted.
package overlap

import (
	"slices"
	"strings"
	"unicode"
)

// Normalise is the form in which SQuAD compares answers (Rajpurkar et al.,
// 2016): lower case, without ASCII punctuation, without the articles a, an and
// the, single spaces.
func Normalise(s string) string { return strings.Join(answerTokens(s), " ") }

func answerTokens(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	// Articles are words between other characters than those of words, be they
	// spaces or, as the dash that is not of ASCII, none.
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !inWord(r) })
		if n < 0 {
			n = len(s)
		}
		switch word := s[:n]; word {
		case "a", "an", "the":
			b.WriteByte(' ')
		default:
			b.WriteString(word)
		}
		s = s[n:]
		n = strings.IndexFunc(s, inWord)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return strings.Fields(b.String())
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// F1 is SQuAD's token F1: the harmonic mean of the shares of each text's tokens
// that the other has, too. Where one is empty, it is 1 if both are.
func F1(text, reference string) float64 {
	got, want := answerTokens(text), answerTokens(reference)
	if len(got) == 0 || len(want) == 0 {
		return boolean(len(got) == len(want))
	}
	return fMeasure(float64(shared(got, want)), len(got), len(want), 1)
}

// Exact is SQuAD's exact match: 1 where the normalised texts are equal.
func Exact(text, reference string) float64 {
	return boolean(slices.Equal(answerTokens(text), answerTokens(reference)))
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// shared counts tokens of a that are in b, each as often as in both.
func shared(a, b []string) int {
	left := map[string]int{}
	for _, t := range b {
		left[t]++
	}
	n := 0
	for _, t := range a {
		if left[t] > 0 {
			left[t]--
			n++
		}
	}
	return n
}

// fMeasure weighs recall beta times as much as precision; got and want are how
// many tokens there are, match how many agree.
func fMeasure(match float64, got, want int, beta float64) float64 {
	if match == 0 {
		return 0
	}
	p, r := match/float64(got), match/float64(want)
	return (1 + beta*beta) * p * r / (beta*beta*p + r)
}

// RougeL is ROUGE-L (Lin, 2004): the F measure, with equal weights as the
// package rouge_score has it, of the longest common subsequence of tokens.
// Tokens are runs of letters and digits in lower case, without stemming; of
// English they are rouge_score's, which knows no others than a-z and 0-9.
func RougeL(text, reference string) float64 {
	got, want := words(text), words(reference)
	return fMeasure(float64(subsequence(got, want)), len(got), len(want), 1)
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// subsequence is the length of the longest common subsequence. Its time is the
// product of the lengths, its space the second.
func subsequence(a, b []string) int {
	ids := map[string]int{}
	numbered := func(tokens []string) []int {
		out := make([]int, len(tokens))
		for i, t := range tokens {
			if _, ok := ids[t]; !ok {
				ids[t] = len(ids)
			}
			out[i] = ids[t]
		}
		return out
	}
	x, y := numbered(a), numbered(b)
	row := make([]int, len(y)+1)
	for _, s := range x {
		diagonal := 0
		for j, t := range y {
			above := row[j+1]
			if s == t {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(y)]
}
