package offline

import (
	"iter"
	"unicode"
)

// kind of a character: what belongs together to one piece.
func kind(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return 0
	case unicode.IsLetter(r) || unicode.IsMark(r) || r == '\'' || r == '’':
		return 1
	case unicode.IsDigit(r):
		return 2
	}
	return 3
}

// digitRun is how many digits make one piece, as tokenizers cut numbers.
const digitRun = 3

// Pieces cuts a text into what stands for tokens where there is no tokenizer:
// words, up to three digits, and signs one by one, each with the space before it.
// Put together they are the text.
func Pieces(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, last, run := 0, 0, 0
		for i, r := range text {
			k := kind(r)
			if ends := last != 0 && (k != last || k == 3 || k == 2 && run == digitRun); ends {
				if !yield(text[start:i]) {
					return
				}
				start, run = i, 0
			}
			last = k
			run++
			if k == 0 {
				run = 0
			}
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

// Tokens estimates the tokens of a text by its pieces.
func Tokens(text string) int {
	n := 0
	for range Pieces(text) {
		n++
	}
	return n
}

// Cut is a text without what goes beyond so many tokens; 0 sets no limit.
func Cut(text string, most int) (string, bool) {
	if most <= 0 {
		return text, false
	}
	n, at := 0, 0
	for piece := range Pieces(text) {
		if n++; n > most {
			return text[:at], true
		}
		at += len(piece)
	}
	return text, false
}
