package tokenizer

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the pieces, the text is what the replacements make of the whole.
func TestCleanerInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{" ", " ", "'", ".", "n", "t", "s", "ve", "re", "m", ",", "!", "?", " n't", " ' ", "é", "\n", ""})).Draw(t, "parts")
		want := strings.Join(parts, "")
		for _, r := range cleanings {
			want = strings.ReplaceAll(want, r[0], r[1])
		}
		var c Cleaner
		var b strings.Builder
		for i, p := range parts {
			b.WriteString(c.Write(p))
			if !strings.HasPrefix(want, b.String()) {
				t.Fatalf("after %q: %q, which %q does not begin with", parts[:i+1], b.String(), want)
			}
		}
		if b.WriteString(c.Flush()); b.String() != want {
			t.Fatalf("%q becomes %q, want %q", parts, b.String(), want)
		}
	})
}

func TestCleaningIsAskedFor(t *testing.T) {
	for _, c := range []struct{ config, want string }{
		{`{}`, "it 's ."}, {`{"clean_up_tokenization_spaces": null}`, "it 's ."}, {`{"clean_up_tokenization_spaces": false}`, "it 's ."}, {`{"clean_up_tokenization_spaces": true}`, "it's."},
	} {
		raw, _ := NewBytes().JSON(8)
		tok, err := Read(raw, []byte(c.config))
		if err != nil {
			t.Fatal(err)
		}
		ids, err := tok.Encode("it 's .")
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Decode(ids); got != c.want || tok.CleansUp() != (c.want == "it's.") {
			t.Errorf("with %s: %q", c.config, got)
		}
		if got := tok.Verbatim().Decode(ids); got != "it 's ." {
			t.Errorf("verbatim with %s: %q", c.config, got)
		}
	}
	raw, _ := NewBytes().JSON(8)
	if _, err := Read(raw, []byte(`{"clean_up_tokenization_spaces": "yes"}`)); err == nil || !strings.Contains(err.Error(), "clean_up_tokenization_spaces") {
		t.Errorf("error %v", err)
	}
}
