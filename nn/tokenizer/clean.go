package tokenizer

import "strings"

// cleanings are what clean_up_tokenization_spaces replaces in decoded English,
// one after the other, each in what the ones before it left.
var cleanings = [...][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

// Cleaner takes the spaces out of a text that arrives in pieces, as
// clean_up_tokenization_spaces asks for: "it 's so ." becomes "it's so.". The
// zero Cleaner is ready.
type Cleaner struct{ held [len(cleanings)]string }

// Write adds to the text and returns what more of it is certain. A space is held
// back until what follows it is known.
func (c *Cleaner) Write(s string) string { return c.pass(s, false) }

// Flush returns what was held back: the text ends here.
func (c *Cleaner) Flush() string { return c.pass("", true) }

func (c *Cleaner) pass(s string, end bool) string {
	for i, r := range cleanings {
		s = c.held[i] + s
		c.held[i] = ""
		// Only what stands behind the last match can become part of another.
		at := lastMatchEnd(s, r[0])
		if !end {
			for n := min(len(r[0])-1, len(s)-at); n > 0; n-- {
				if strings.HasSuffix(s, r[0][:n]) {
					s, c.held[i] = s[:len(s)-n], s[len(s)-n:]
					break
				}
			}
		}
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return s
}

// lastMatchEnd is where the last of the matches ends, which are sought from the
// left and do not overlap.
func lastMatchEnd(s, old string) int {
	at := 0
	for {
		i := strings.Index(s[at:], old)
		if i < 0 {
			return at
		}
		at += i + len(old)
	}
}
