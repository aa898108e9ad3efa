package tokenizer

import "strings"

// Texts are the bytes that each token adds to a decoded text: after other
// tokens, and as the first of a text, where a tokenizer may drop a space that it
// puts there when it encodes. They may end within a character. Special tokens and
// ids without a token have none.
func (t *Tokenizer) Texts() (texts, first [][]byte) {
	texts, first = make([][]byte, len(t.pieces)), make([][]byte, len(t.pieces))
	for i, p := range t.pieces {
		if p.kind != pieceText && p.kind != pieceByte {
			continue
		}
		text, strip := p.text, t.strip
		for ; strip > 0 && strings.HasPrefix(text, " "); strip-- {
			text = text[1:]
		}
		first[i], texts[i] = []byte(text), []byte(p.text)
		if p.kind == pieceText {
			texts[i] = []byte(t.join + p.text)
		}
	}
	return texts, first
}
