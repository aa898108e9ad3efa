package tokenizer

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// llamaJSON is a small tokenizer of the SentencePiece kind. Merges are given in
// both forms.
const llamaJSON = `{"version":"1.0","added_tokens":[
 {"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},
 {"id":2,"content":"</s>","special":true},{"id":15,"content":"<tab>","normalized":false,"special":false}],
"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
"pre_tokenizer":null,
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]},
"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
"model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"vocab":{"<unk>":0,"<s>":1,"</s>":2,
 "<0xC3>":3,"<0xA9>":4,"▁":5,"a":6,"b":7,"c":8,"ab":9,"▁a":10,"abc":11,"▁ab":12,"bc":13,"aa":14},
"merges":["b c",["a","b"],"▁ a",["a","bc"],"▁ ab",["a","a"]]}}`

func parseText(t testing.TB, s string) *Tokenizer {
	t.Helper()
	tok, err := parse([]byte(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestBPE(t *testing.T) {
	tok := parseText(t, llamaJSON)
	for _, x := range []struct {
		text string
		want []int32
	}{
		{"", []int32{}},
		{"a", []int32{10}},
		{"abc", []int32{10, 13}}, // b c, then ▁ a: "a bc" ranks after it
		{"ab", []int32{12}},
		{"aaa", []int32{10, 14}},
		{"aaaa", []int32{10, 14, 6}}, // leftmost of equal ranks
		{"é", []int32{5, 3, 4}},
		{" a", []int32{5, 10}},
		{"a<tab>b", []int32{10, 15, 5, 7}},
		{"<s>", nil},
	} {
		got, err := tok.Encode(x.text)
		if x.want == nil {
			if err == nil {
				t.Errorf("%q gives %v, want an error", x.text, got)
			}
			continue
		}
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%q gives %v (%v), want %v", x.text, got, err, x.want)
			continue
		}
		// After an added token a word gets its space, and keeps it.
		if text := tok.Decode(got); text != strings.ReplaceAll(x.text, "<tab>", "<tab> ") {
			t.Errorf("%q decodes to %q", x.text, text)
		}
	}
	if got, err := tok.Continue("ab"); err != nil || !slices.Equal(got, []int32{9}) {
		t.Errorf("continuing with ab: %v (%v), want [9]", got, err)
	}
	if got, err := tok.EncodeSpecial("<s>a</s>"); err != nil || !slices.Equal(got, []int32{1, 10, 2}) {
		t.Errorf("special tokens: %v (%v), want [1 10 2]", got, err)
	}
	if !tok.AddsBOS() || tok.BOS() != 1 || tok.EOS() != 2 || tok.Size() != 16 {
		t.Errorf("begin %d (added: %v), end %d, size %d", tok.BOS(), tok.AddsBOS(), tok.EOS(), tok.Size())
	}
}

func TestMetaspacePreTokenizer(t *testing.T) {
	for _, x := range []struct {
		options string
		text    string
		want    []int32
	}{
		{`"prepend_scheme":"always","split":false`, "a b", []int32{10, 5, 7}},
		{`"prepend_scheme":"never","split":false`, "ab a", []int32{9, 10}},
		{`"prepend_scheme":"always","split":true`, "ab ab", []int32{12, 12}},
		{`"prepend_scheme":"first","split":true`, "a<tab>a", []int32{10, 15, 6}},
		{`"prepend_scheme":"always","split":true`, "a<tab>a", []int32{10, 15, 10}},
		{`"prepend_scheme":"always","split":true`, " a", []int32{10}}, // it starts with one already
		{`"add_prefix_space":false`, "a", []int32{6}},
	} {
		s := strings.Replace(llamaJSON, `"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Metaspace","replacement":"▁",`+x.options+`}`, 1)
		i, j := strings.Index(s, `"normalizer":{`), strings.Index(s, `"pre_tokenizer"`)
		s = s[:i] + s[j:]
		i, j = strings.Index(s, `"decoder":`), strings.Index(s, `"model":`)
		s = s[:i] + `"decoder":{"type":"Metaspace","replacement":"▁",` + x.options + `},` + s[j:]
		if got, err := parseText(t, s).Encode(x.text); err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%s: %q gives %v (%v), want %v", x.options, x.text, got, err, x.want)
		}
	}
}

func TestUnknownText(t *testing.T) {
	words, err := NewWords("1", "12", "+")
	if err != nil {
		t.Fatal(err)
	}
	apart, err := NewSpacedWords("3", "17", "é")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		tok    *Tokenizer
		text   string
		r      rune
		offset int
	}{
		{parseText(t, llamaJSON), "a aé€b€", '€', 5},
		{parseText(t, llamaJSON), "a<tab>aé€", '€', 9},
		{words, "12+3", '3', 3},
		{words, "1é", 'é', 1},
		{words, "1\xff", utf8.RuneError, 1},
		{apart, "3 18", '8', 3},
		{apart, "3 1", '1', 2},
		{apart, "3  17", ' ', 2},
		{apart, "3 17 ", ' ', 4},
		{apart, " 3", ' ', 0},
		{apart, "3\n5", '\n', 1},
		{apart, "17 è", 'è', 3},
	} {
		_, err := x.tok.Encode(x.text)
		var u *UnknownTextError
		if !errors.As(err, &u) || u.Rune != x.r || u.Offset != x.offset {
			t.Errorf("%q: error %v, want one about %q at byte %d", x.text, err, x.r, x.offset)
		}
	}
}

func TestWords(t *testing.T) {
	list := []string{"+", ";", "=", ".", "a(b|c)*", "é"}
	for i := range 20 {
		list = append(list, strings.TrimLeft(string(rune('0'+i/10)), "0")+string(rune('0'+i%10)))
	}
	tok, err := NewWords(list...)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Size() != len(list)+2 || tok.BOS() != 0 || tok.EOS() != 1 || !tok.AddsBOS() {
		t.Errorf("size %d, begin %d, end %d", tok.Size(), tok.BOS(), tok.EOS())
	}
	id := func(s string) int32 { return int32(slices.Index(list, s) + 2) }
	for text, want := range map[string][]int32{
		"":          {},
		"19+1;119":  {id("19"), id("+"), id("1"), id(";"), id("11"), id("9")},
		"a(b|c)*é.": {id("a(b|c)*"), id("é"), id(".")},
	} {
		got, err := tok.Encode(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %v (%v), want %v", text, got, err, want)
		}
		if back := tok.Decode(append(got, tok.EOS())); back != text {
			t.Errorf("%q decodes to %q", text, back)
		}
	}
	apart, err := NewSpacedWords("3", "17", "5", "é")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{"": {}, "17": {3}, "3 17 é 5": {2, 3, 5, 4}} {
		got, err := apart.Encode(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %v (%v), want %v", text, got, err, want)
		}
		if back := apart.Decode(append([]int32{apart.BOS()}, append(got, apart.EOS())...)); back != text {
			t.Errorf("%q decodes to %q", text, back)
		}
	}
	if _, err := NewSpacedWords("a b"); err == nil {
		t.Error("a word with a space is no error")
	}
	for _, bad := range [][]string{{""}, {"a", "a"}, {"<s>"}, {"\xff"}} {
		if _, err := NewWords(bad...); err == nil {
			t.Errorf("words %q are no error", bad)
		}
	}
}

// What is written is read back as the same tokenizer.
func TestTokenizerRoundTrip(t *testing.T) {
	words, err := NewWords("0", "10", "1", "+", " ", "<", "\"quoted\"", "a.b")
	if err != nil {
		t.Fatal(err)
	}
	apart, err := NewSpacedWords("0", "10", "=")
	if err != nil {
		t.Fatal(err)
	}
	for name, tok := range map[string]*Tokenizer{"words": words, "spaced": apart, "bytes": NewBytes(), "llama": parseText(t, llamaJSON)} {
		raw, config := tok.JSON(128)
		back, err := parse(raw, config)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back.Hash() != tok.Hash() || back.Size() != tok.Size() || back.BOS() != tok.BOS() || back.EOS() != tok.EOS() || back.AddsBOS() != tok.AddsBOS() {
			t.Errorf("%s changes on the way: begin %d and %d, end %d and %d", name, tok.BOS(), back.BOS(), tok.EOS(), back.EOS())
		}
		again, config2 := back.JSON(999)
		if string(again) != string(raw) || string(config2) != string(config) {
			t.Errorf("%s: a loaded tokenizer is written differently", name)
		}
	}
}

func TestBytes(t *testing.T) {
	tok := NewBytes()
	if tok.Size() != 259 || tok.BOS() != 1 || tok.EOS() != 2 {
		t.Errorf("size %d, begin %d, end %d", tok.Size(), tok.BOS(), tok.EOS())
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes")
		ids, err := tok.Encode(string(b))
		if err != nil || len(ids) != len(b) {
			rt.Fatalf("%d tokens for %d bytes (%v)", len(ids), len(b), err)
		}
		for i, id := range ids {
			if id != int32(b[i])+3 {
				rt.Fatalf("byte %d is token %d", b[i], id)
			}
		}
		want := strings.ToValidUTF8(string(b), "\uFFFD")
		if utf8.Valid(b) && tok.Decode(ids) != want {
			rt.Fatalf("%q decodes to %q", b, tok.Decode(ids))
		}
	})
}

// Decoding in steps gives what decoding at once gives, in whole characters.
func TestStreamingDecode(t *testing.T) {
	llama := parseText(t, llamaJSON)
	apart, err := NewSpacedWords("3", "17")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		tok := rapid.SampledFrom([]*Tokenizer{llama, NewBytes(), apart}).Draw(rt, "tokenizer")
		ids := rapid.SliceOf(rapid.Int32Range(-1, int32(tok.Size()))).Draw(rt, "ids")
		d := tok.NewDecoder()
		var b strings.Builder
		for _, id := range ids {
			s := d.Write(id)
			if !utf8.ValidString(s) {
				rt.Fatalf("half a character: %q", s)
			}
			b.WriteString(s)
		}
		b.WriteString(d.Flush())
		if want := tok.Decode(ids); b.String() != want {
			rt.Fatalf("%q in steps, %q at once", b.String(), want)
		}
	})
	tok := NewBytes()
	d := tok.NewDecoder()
	for i, want := range []string{"", "", "€", "a", "", "\uFFFDb", ""} {
		if got := d.Write(int32([]byte("€a\xe2b\xe2")[min(i, 6)]) + 3); i < 7 && got != want {
			t.Errorf("byte %d gives %q, want %q", i, got, want)
		}
	}
	if got := d.Flush(); got != "\uFFFD" {
		t.Errorf("the rest is %q", got)
	}
}

// A text of one word must not take quadratic time or memory.
func TestLongWord(t *testing.T) {
	tok := parseText(t, llamaJSON)
	ids, err := tok.Encode(strings.Repeat("abc", 100_000))
	if err != nil || len(ids) != 100_001 {
		t.Errorf("%d tokens (%v), want 100001", len(ids), err)
	}
}

func TestBadTokenizers(t *testing.T) {
	for want, change := range map[string][2]string{
		`byte_fallback of type bool`:               {`"byte_fallback":true`, `"byte_fallback":7`},
		`model of type "Unigram"`:                  {`"type":"BPE"`, `"type":"Unigram"`},
		`merge 0: "x" is not in the vocabulary`:    {`"b c"`, `"b x"`},
		`merge 0: 3 parts, want 2`:                 {`"b c"`, `["a","b","c"]`},
		`merge 0: neither a string nor a pair: 12`: {`"b c"`, `12`},
		`merge 0: "bc" is not two tokens`:          {`"b c"`, `"bc"`},
		`token "aa" has id -3`:                     {`"aa":14`, `"aa":-3`},
		`the largest id is 99999`:                  {`"aa":14`, `"aa":99999`},
		`tokens "<s>" and "aa" share id 1`:         {`"aa":14`, `"aa":1`},
		`token "</s>" has id 2, but the vocab`:     {`"</s>":2`, `"</s>":16`},
		`the key "prepend" is not supported`:       {`"type":"Prepend"`, `"type":"NFKC"`},
		`normalizer: a "Nmt" step`:                 {`"type":"Prepend"`, `"type":"Nmt"`},
		`pre_tokenizer: a "UnicodeScripts" step`:   {`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"UnicodeScripts"}`},
		`post_processor: a "BertProcessing" step`:  {`"type":"TemplateProcessing"`, `"type":"BertProcessing"`},
		`two ByteLevel steps`:                      {`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"ByteLevel"}]},"normalizer":{"type":"ByteLevel"}`},
		`the behavior "Joined"`:                    {`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Joined"}`},
		`Sequence: the key "x" is not`:             {`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Sequence","pretokenizers":[],"x":[]}`},
		`either a String or a Regex`:               {`"pattern":{"String":" "}`, `"pattern":{}`},
		`regular expression "(a"`:                  {`"pattern":{"String":" "}`, `"pattern":{"Regex":"(a"}`},
		`classes within classes`:                   {`"pattern":{"String":" "}`, `"pattern":{"Regex":"[a&&[b]]"}`},
		`the key "vocabulary" is not supported`:    {`"byte_fallback":true`, `"vocabulary":{}`},
		`tokenizer.json: the key "extra" is not`:   {`"version":"1.0"`, `"extra":1`},
		`version "2.0" is not supported`:           {`"version":"1.0"`, `"version":"2.0"`},
		`unk_token "<none>" is not in the`:         {`"unk_token":"<unk>"`, `"unk_token":"<none>"`},
		`it has the text 0 times`:                  {`,{"Sequence":{"id":"A","type_id":0}}`, ``},
		`a "WordPiece" step`:                       {`"type":"ByteFallback"`, `"type":"WordPiece"`},
		`a "Strip" step at this place`:             {`{"type":"Fuse"},`, ``},
		`dropout is not supported`:                 {`"byte_fallback":true`, `"dropout":0.1`},
		`end_of_word_suffix`:                       {`"byte_fallback":true`, `"end_of_word_suffix":"</w>"`},
		`unexpected end of JSON`:                   {llamaJSON[40:], ``},
	} {
		s := strings.Replace(llamaJSON, change[0], change[1], 1)
		if s == llamaJSON {
			t.Fatalf("%q does not occur", change[0])
		}
		if _, err := parse([]byte(s), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := parse([]byte(llamaJSON), []byte(`{"bos_token":"<begin>"}`)); err == nil || !strings.Contains(err.Error(), `bos_token "<begin>" is not in the vocabulary`) {
		t.Errorf("an unknown begin token: %v", err)
	}
}

func TestTokenizerConfig(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "tokenizer.json") {
		t.Errorf("an empty folder: %v", err)
	}
	write := func(name, s string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("tokenizer.json", llamaJSON)
	write("tokenizer_config.json", `{"bos_token":{"content":"<unk>"},"eos_token":null,"chat_template":"{{ messages }}"}`)
	tok, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if tok.BOS() != 0 || tok.EOS() != -1 || tok.AddsBOS() || tok.ChatTemplate() != "{{ messages }}" {
		t.Errorf("begin %d (added: %v), end %d, chat %q", tok.BOS(), tok.AddsBOS(), tok.EOS(), tok.ChatTemplate())
	}
}

func FuzzTokenizer(f *testing.F) {
	f.Add(llamaJSON, "ab <tab> é")
	words, err := NewWords("1", "12")
	if err != nil {
		f.Fatal(err)
	}
	apart, err := NewSpacedWords("1", "12")
	if err != nil {
		f.Fatal(err)
	}
	for _, tok := range []*Tokenizer{words, apart, NewBytes()} {
		raw, _ := tok.JSON(8)
		f.Add(string(raw), "112")
	}
	for _, s := range styles(&testing.T{}) {
		f.Add(string(s.Tokenizer), "a <mask>é\xff\n 12")
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		tok, err := parse([]byte(file), nil)
		if err != nil {
			return
		}
		ids, err := tok.Encode(text)
		if err != nil {
			return
		}
		for _, id := range ids {
			if id < 0 || int(id) >= tok.Size() {
				t.Fatalf("token %d of %d", id, tok.Size())
			}
		}
		if !utf8.ValidString(tok.Decode(ids)) && utf8.ValidString(file) {
			t.Fatalf("%q decodes to invalid %q", text, tok.Decode(ids))
		}
		raw, config := tok.JSON(64)
		if back, err := parse(raw, config); err != nil || back.Size() != tok.Size() {
			t.Fatalf("read back: %v", err)
		}
	})
}
