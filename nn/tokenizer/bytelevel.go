package tokenizer

import "strings"

// byteRunes spells every byte as a visible character, as GPT-2 does: those of
// Latin-1 that can be seen stand for themselves, the others take U+0100 and on.
var byteRunes = func() (table [256]rune) {
	next := rune(0x100)
	for b := range table {
		r := rune(b)
		if r >= '!' && r <= '~' || r >= 0xa1 && r <= 0xff && r != 0xad {
			table[b] = r
			continue
		}
		table[b] = next
		next++
	}
	return table
}()

// runeBytes is the way back.
var runeBytes = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	for b, r := range byteRunes {
		m[r] = byte(b)
	}
	return m
}()

// byteLevel spells the bytes of a text.
func byteLevel(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for i := range len(s) {
		b.WriteRune(byteRunes[s[i]])
	}
	return b.String()
}

// fromByteLevel gives the bytes that a token spells; one with a character that
// spells no byte is meant as it stands.
func fromByteLevel(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		x, ok := runeBytes[r]
		if !ok {
			return s
		}
		b = append(b, x)
	}
	return string(b)
}
