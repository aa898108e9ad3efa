package tokenizer

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Put together, the texts of tokens are what decoding gives, where that is
// whole characters.
func TestTextsAreWhatDecodingGives(t *testing.T) {
	spaced, err := NewSpacedWords("a", "bc", "é")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]*Tokenizer{"bytes": NewBytes(), "spaced": spaced}
	if dir := os.Getenv("PAWL_DATA"); dir != "" { // stories260k: SentencePiece, see the data's README
		if list["stories"], err = Load(filepath.Join(dir, "stories260k")); err != nil {
			t.Fatal(err)
		}
	}
	for name, tok := range list {
		texts, first := tok.Texts()
		rapid.Check(t, func(t *rapid.T) {
			ids := rapid.SliceOfN(rapid.Int32Range(0, int32(tok.Size()-1)), 1, 8).Draw(t, "ids")
			b := append([]byte(nil), first[ids[0]]...)
			for _, id := range ids[1:] {
				b = append(b, texts[id]...)
			}
			for i, id := range ids {
				if texts[id] == nil || i == 0 && len(first[id]) == 0 || !utf8.Valid(texts[id]) && !utf8.Valid(b) {
					return // special, nothing yet, or half a character
				}
			}
			if got := tok.Decode(ids); got != string(b) {
				t.Fatalf("%s: %v decodes to %q, its texts are %q", name, ids, got, b)
			}
		})
	}
}
