package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pawl/nn"
)

// Regular expressions by which families of models cut text before merging, as
// their tokenizer.json files have them.
const (
	gpt4oSplit  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	llama3Split = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwen2Split  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

type object = map[string]any

func byteStep(regex bool) object {
	return object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex}
}

func splitStep(regex string) object {
	return object{"type": "Sequence", "pretokenizers": []any{object{"type": "Split", "pattern": object{"Regex": regex}, "behavior": "Isolated", "invert": false}, byteStep(false)}}
}

// byteLevels are byte-level BPE tokenizers of each family that llama.cpp has a
// name for, on merges of our own.
func byteLevels(t *testing.T) map[string]*nn.Tokenizer {
	t.Helper()
	all := map[string]*nn.Tokenizer{}
	for name, x := range map[string]struct {
		normalizer, pre any
		whole           bool // tokens that are whole words need no merges
	}{
		"gpt2":                {nil, byteStep(true), false},
		"smollm":              {nil, object{"type": "Sequence", "pretokenizers": []any{object{"type": "Digits", "individual_digits": true}, byteStep(true)}}, false},
		"llama3":              {nil, splitStep(llama3Split), true},
		"qwen2":               {object{"type": "NFC"}, splitStep(qwen2Split), false},
		"llama3, merges only": {nil, splitStep(llama3Split), false},
		"gpt-4o":              {nil, splitStep(gpt4oSplit), false},
	} {
		vocab, merges := mergesOf(" the quick ing 's 're n't 12 123 the then in int  \n\n \t Hello World don't we'll é naïve 日本 🙂 == =( ); // .\n ...")
		vocab["zebra"] = int32(len(vocab)) // no merges lead there
		added := []any{}
		for _, s := range []string{"<|endoftext|>", "<|im_start|>", "<|im_end|>"} {
			added = append(added, object{"id": len(vocab) + len(added), "content": s, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false})
		}
		raw, err := json.Marshal(object{
			"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "normalizer": x.normalizer, "pre_tokenizer": x.pre,
			"post_processor": byteStep(false), "decoder": byteStep(true),
			"model": object{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
				"fuse_unk": false, "byte_fallback": false, "ignore_merges": x.whole, "vocab": vocab, "merges": merges},
		})
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = nn.ReadTokenizer(raw, []byte(`{"bos_token": "<|im_start|>", "eos_token": "<|endoftext|>", "add_bos_token": false}`)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// mergesOf puts the bytes of each piece of text together, from the left: a
// piece ends where a space begins.
func mergesOf(text string) (map[string]int32, []string) {
	spell := [256]string{}
	next := rune(0x100)
	vocab := map[string]int32{}
	for b := range 256 {
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
			r = next
			next++
		}
		spell[b] = string(r)
		vocab[spell[b]] = int32(b)
	}
	merges := []string{}
	for i, piece := range strings.SplitAfter(strings.ReplaceAll(text, " ", "\x00 "), "\x00") {
		piece = strings.TrimSuffix(piece, "\x00")
		if i == 0 || piece == "" {
			continue
		}
		for _, bytes := range []string{piece, piece[1:]} { // with the space and without
			whole := ""
			for _, b := range []byte(bytes) {
				if whole != "" {
					if pair := whole + " " + spell[b]; !slices.Contains(merges, pair) {
						merges = append(merges, pair)
						if _, there := vocab[whole+spell[b]]; !there {
							vocab[whole+spell[b]] = int32(len(vocab))
						}
					}
				}
				whole += spell[b]
			}
		}
	}
	return vocab, merges
}

// awkward are texts at which ways to cut them differ. What normalizing changes
// is left out: llama.cpp does not normalize.
var awkward = []string{
	"", " ", "  ", "   a", "a   ", "a   b", "a  \n  b", "\n", "\n\n", "\n\n\n a", "\r\n", "a\r\nb\r\n\r\nc", "\t", "\t\ta\t b", " \n \n ", "a\u00a0b", strings.Repeat(" ", 40), strings.Repeat("\n", 9),
	"Hello, World!", "zebra zebra", "the then quick int in inner", " the the  the", "don't Don'T DON'T we'll WE'LL I'd they've it's 'twas", "'s", " 's", "''''", "x'sy",
	"0", "7 77 777 7777 77777 12 123 1234", "1234567890123", "3.14159", "1,000,000.00", "v1.2.3-rc4", "½ ² ①", "१२३ ٤٥٦",
	"camelCase snake_case SCREAMING_CASE HTTPServer", "__init__ _", "if (x<=10&&y!=3){return f(x)[0];} // ...\n", "https://example.org/a?b=c&d=%20#e", "C:\\temp\\new", `{"a": [1, 2, {"b": null}]}`, "== =(); ...\n\n", "!!??..,,;;::",
	"naïve café é", "Привет, мир!", "Việt Nam", "שלום עולם", "مرحبا", "हिन्दी में", "ภาษาไทย", "你好，世界！日本語のテキスト", "한국어", "𠮷野家",
	"😀", "👍🏽 🙂🙂", "👩‍👩‍👧‍👦", "🇩🇪", "a😀b", "\x01\x02\x7f", "\u200b\u200d", "\u00ad", "\ufffd", "Ġ Ċ Ã©",
	"The quick brown fox\njumps over the lazy dog.\n",
}

// Byte-level BPE in an exported file: llama.cpp cuts text into the same tokens,
// special ones included, and goes on with the same ones.
func TestLlamaCPPMergesTheSame(t *testing.T) {
	l := startLlama(t)
	for name, tok := range byteLevels(t) {
		t.Run(name, func(t *testing.T) {
			c := shapes()["llama"]
			c.Vocab, c.BOS, c.EOS = tok.Size()+3, tok.BOS(), tok.EOS()
			m := lively(t, c)
			l.load(t, m, tok, nn.F32)
			merged := 0
			for _, text := range awkward {
				want, err := tok.Encode(text)
				if err != nil {
					t.Fatal(err)
				}
				if got := l.ask(t, "tokenize", map[string]any{"text": text}).IDs; !slices.Equal(got, want) {
					t.Errorf("llama.cpp cuts %q into %v, the engine into %v", text, spelt(tok, got), spelt(tok, want))
				}
				if len(want) < len(text) {
					merged++
				}
			}
			if merged < 20 {
				t.Errorf("only %d texts have a merge: the test shows little", merged)
			}
			for _, text := range []string{"<|im_start|>user\nthe quick<|im_end|>\n", "a<|endoftext|>b", " <|im_end|> the", "<|im_start|><|im_start", "<|im_start|>"} {
				want, err := tok.EncodeSpecial(text)
				if err != nil {
					t.Fatal(err)
				}
				if got := l.ask(t, "tokenize", map[string]any{"text": text, "special": true}).IDs; !slices.Equal(got, want) {
					t.Errorf("llama.cpp cuts %q into %v, the engine into %v", text, spelt(tok, got), spelt(tok, want))
				}
			}
			for _, text := range []string{"The quick", "12 the", "é 日本"} {
				prompt, err := tok.Encode(text)
				if err != nil {
					t.Fatal(err)
				}
				want := ourTokens(t, m, prompt, 24)
				if got := l.ask(t, "greedy", map[string]any{"tokens": prompt, "n": 24}).IDs; !slices.Equal(got, want) {
					t.Errorf("after %q llama.cpp goes on with %v, the engine with %v", text, got, want)
				}
			}
		})
	}
}

func spelt(tok *nn.Tokenizer, ids []int32) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = fmt.Sprintf("%d:%s", id, tok.Token(id))
	}
	return list
}
