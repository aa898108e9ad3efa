package overlap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	characterOrder = 6
	recallWeight   = 2 // beta
)

// ChrF is chrF2 (Popović, 2015) of one text, with words chrF++ (Popović, 2017):
// the F measure, recall counting twice as much, of character n-grams without
// spaces up to six and, with words, of words and pairs of words. Precision and
// recall are means over the orders that both texts have, as in sacreBLEU.
func ChrF(text, reference string, withWords bool) float64 {
	return chrF(text, reference, withWords, recallWeight)
}

func chrF(text, reference string, withWords bool, beta float64) float64 {
	got, want := characters(text), characters(reference)
	precision, recall, orders := 0.0, 0.0, 0
	count := func(got, want []string, n int) {
		g, w := len(got)-n+1, len(want)-n+1
		if g <= 0 || w <= 0 {
			return
		}
		match := 0
		have := grams(want, n)
		for gram, times := range grams(got, n) {
			match += min(times, have[gram])
		}
		precision += float64(match) / float64(g)
		recall += float64(match) / float64(w)
		orders++
	}
	for n := 1; n <= characterOrder; n++ {
		count(got, want, n)
	}
	if withWords {
		got, want := edgeWords(text), edgeWords(reference)
		for n := 1; n <= 2; n++ {
			count(got, want, n)
		}
	}
	if precision == 0 || recall == 0 {
		return 0
	}
	precision, recall = precision/float64(orders), recall/float64(orders)
	return (1 + beta*beta) * precision * recall / (beta*beta*precision + recall)
}

// characters are the characters of s, spaces left out.
func characters(s string) []string {
	var out []string
	for _, r := range s {
		if !unicode.IsSpace(r) {
			out = append(out, string(r))
		}
	}
	return out
}

// grams counts runs of n tokens.
func grams(tokens []string, n int) map[string]int {
	count := map[string]int{}
	for i := 0; i+n <= len(tokens); i++ {
		count[strings.Join(tokens[i:i+n], "\x00")]++
	}
	return count
}

// edgeWords are the words of chrF++: between spaces, with one mark of ASCII
// punctuation at the end, or else at the beginning, as a word of its own.
func edgeWords(s string) []string {
	var out []string
	for _, w := range strings.Fields(s) {
		first, last := w[0], w[len(w)-1]
		switch {
		case utf8.RuneCountInString(w) == 1:
			out = append(out, w)
		case punctuation(last):
			out = append(out, w[:len(w)-1], w[len(w)-1:])
		case punctuation(first):
			out = append(out, w[:1], w[1:])
		default:
			out = append(out, w)
		}
	}
	return out
}

func punctuation(c byte) bool {
	return c < 0x80 && (unicode.IsPunct(rune(c)) || unicode.IsSymbol(rune(c)))
}
