package tokenizer

import (
	"strings"
	"testing"
)

// BenchmarkEncode tells bytes per second on mixed text, and on one endless word.
func BenchmarkEncode(b *testing.B) {
	list := styles(&testing.T{})
	for _, s := range list {
		if s.name != "llama3" && s.name != "llama2" {
			continue
		}
		tok, err := Read(s.Tokenizer, s.Config)
		if err != nil {
			b.Fatal(err)
		}
		for name, text := range map[string]string{"text": strings.Repeat(corpus, 20), "word": strings.Repeat("a", 40_000)} {
			b.Run(s.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if _, err := tok.EncodeWith(text, Options{Unknown: true}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
