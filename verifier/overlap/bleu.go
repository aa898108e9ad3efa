package overlap

import (
	"math"
	"regexp"
	"strings"
	"unicode"
)

const wordOrder = 4

// Counts are what BLEU is made of; those of a corpus are the sums over its
// texts.
type Counts struct {
	Match, Total [wordOrder]int // n-grams that agree, and all, of orders 1 to 4
	Length       int            // tokens of the text
	Reference    int            // tokens of the reference nearest in length
}

// Count compares a text with its references: an n-gram agrees as often as the
// reference that has it most. Tokens are those of mteval-v13a.
func Count(text string, references ...string) Counts {
	got := tokens13a(text)
	c := Counts{Length: len(got)}
	nearest := -1
	have := map[string]int{}
	for _, ref := range references {
		want := tokens13a(ref)
		off := len(want) - len(got)
		if off < 0 {
			off = -off
		}
		if nearest < 0 || off < nearest || off == nearest && len(want) < c.Reference {
			nearest, c.Reference = off, len(want)
		}
		for n := 1; n <= wordOrder; n++ {
			for gram, times := range grams(want, n) {
				have[gram] = max(have[gram], times)
			}
		}
	}
	for n := 1; n <= wordOrder; n++ {
		c.Total[n-1] = max(len(got)-n+1, 0)
		for gram, times := range grams(got, n) {
			c.Match[n-1] += min(times, have[gram])
		}
	}
	return c
}

// Add sums the counts of a corpus.
func (c *Counts) Add(d Counts) {
	for n := range wordOrder {
		c.Match[n] += d.Match[n]
		c.Total[n] += d.Total[n]
	}
	c.Length += d.Length
	c.Reference += d.Reference
}

// BLEU is that of a corpus (Papineni et al., 2002), from 0 to 1, with the
// smoothing called exp: the i-th order without a match counts as half to the
// i-th of one. With effective, orders that the texts are too short for are left
// out, as for single sentences.
func (c Counts) BLEU(effective bool) float64 {
	if c.Match[0] == 0 {
		return 0
	}
	logs, orders, smooth := 0.0, wordOrder, 1.0
	for n := range wordOrder {
		if c.Total[n] == 0 {
			if !effective {
				return 0
			}
			orders = n
			break
		}
		match := float64(c.Match[n])
		if match == 0 {
			smooth *= 2
			match = 1 / smooth
		}
		logs += math.Log(match / float64(c.Total[n]))
	}
	penalty := 1.0 // for brevity
	if c.Length < c.Reference {
		penalty = math.Exp(1 - float64(c.Reference)/float64(c.Length))
	}
	return penalty * math.Exp(logs/float64(orders))
}

// SentenceBLEU is sacreBLEU's of one text: 13a tokens, case kept, smoothing
// exp, effective order.
func SentenceBLEU(text string, references ...string) float64 {
	return Count(text, references...).BLEU(true)
}

// What mteval-v13a does for languages with spaces: marks but ' - . and comma
// stand alone; period and comma do unless between digits; so does a dash after
// a digit.
var (
	alone     = regexp.MustCompile("[!-&(-+/:-@\\[-`{-~]")
	stopAfter = regexp.MustCompile(`([^0-9])([.,])`)
	stopFront = regexp.MustCompile(`([.,])([^0-9])`)
	dash      = regexp.MustCompile(`([0-9])(-)`)
)

// The space at the end goes first, as in sacreBLEU: a last line that ends with a
// dash is not one that goes on.
func tokens13a(s string) []string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	for _, r := range [][2]string{{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}, {"&quot;", `"`}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}} {
		s = strings.ReplaceAll(s, r[0], r[1]) // one after the other: &amp;lt; ends as <
	}
	s = " " + s + " "
	s = alone.ReplaceAllString(s, " $0 ")
	s = stopAfter.ReplaceAllString(s, "$1 $2 ")
	s = stopFront.ReplaceAllString(s, " $1 $2")
	s = dash.ReplaceAllString(s, "$1 $2 ")
	return strings.Fields(s)
}
