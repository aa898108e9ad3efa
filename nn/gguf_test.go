package nn

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/nn/gguf"
)

func ggufOf(t testing.TB, m *Model, tok *Tokenizer, kind Dtype) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteGGUF(&b, tok, kind); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ggufFile(b []byte) (*gguf.File, error) { return gguf.Read(bytes.NewReader(b), int64(len(b))) }

func TestGGUFRoundTrip(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := lively(t, c, 1)
		path := filepath.Join(t.TempDir(), "model.gguf")
		err := m.SaveGGUF(path, nil, F32)
		switch {
		case c.foreign() != "":
			if err == nil || !strings.Contains(err.Error(), "llama.cpp has no models with") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		back, err := LoadGGUF(path)
		if c.RopeScaling.Kind == ropeLlama3 {
			if err == nil || !strings.Contains(err.Error(), "scales rotary positions unevenly") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if back.cfg != c || !slices.Equal(back.w, m.w) {
			t.Errorf("%s: read back as %+v, want %+v, or with other weights", name, back.cfg, c)
		}
	}
}

func TestGGUFTokenizers(t *testing.T) {
	words, err := NewWords("a", "b", "ab", " ")
	if err != nil {
		t.Fatal(err)
	}
	spaced, err := NewSpacedWords("3", "17")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		tok    *Tokenizer
		model  string
		prefix bool
		tokens string // some of them
	}{
		{words, "t5", false, "a b ab ▁ [PAD6]"},
		{spaced, "t5", true, "▁3 ▁17"},
		{NewBytes(), "gpt2", false, "A Ġ Ā ÿ Ń"},
	} {
		c := Config{Vocab: x.tok.Size() + 1, Width: 8, Layers: 1, Heads: 2, Hidden: 8, Context: 8, BOS: x.tok.BOS(), EOS: x.tok.EOS()}
		m := lively(t, c, 1)
		f, err := ggufFile(ggufOf(t, m, x.tok, F16))
		if err != nil {
			t.Fatal(err)
		}
		meta := func(key string) any { return f.Meta["tokenizer.ggml."+key] }
		tokens, _ := meta("tokens").([]string)
		for _, want := range strings.Fields(x.tokens) {
			if !slices.Contains(tokens, want) {
				t.Errorf("no token %q among %q", want, tokens)
			}
		}
		if meta("model") != x.model || meta("add_space_prefix") == true != x.prefix || meta("bos_token_id") != uint32(x.tok.BOS()) || len(tokens) != c.Vocab {
			t.Errorf("metadata %v", f.Meta)
		}
	}
	big := lively(t, fileConfig(), 1)
	if err := big.WriteGGUF(&bytes.Buffer{}, NewBytes(), F32); err == nil || !strings.Contains(err.Error(), "the tokenizer has 259 tokens, the model only 11") {
		t.Errorf("a tokenizer that does not fit: %v", err)
	}
}

// Only what llama.cpp cuts in the same way is exported.
func TestGGUFPreTokenizers(t *testing.T) {
	const whole, level = `{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}`, `{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}`
	split := func(regex, behavior string) string {
		b, err := json.Marshal(map[string]any{"type": "Split", "pattern": map[string]string{"Regex": regex}, "behavior": behavior, "invert": false})
		if err != nil {
			t.Fatal(err)
		}
		return `{"type":"Sequence","pretokenizers":[` + string(b) + `,` + level + `]}`
	}
	named := map[string]string{}
	for regex, name := range ggufSplits {
		named[name] = regex
	}
	for _, x := range []struct {
		pre    string
		ignore bool
		want   string // a name, or the error
	}{
		{whole, false, "gpt-2"},
		{`{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},` + whole + `]}`, false, "smollm"},
		{split(named["llama-bpe"], "Isolated"), true, "llama-bpe"},
		{split(named["llama-bpe"], "Isolated"), false, "dbrx"},
		{split(named["qwen2"], "Isolated"), false, "qwen2"},
		{split(named["gpt-4o"], "Isolated"), false, "gpt-4o"},
		{whole, true, `merges alone do not make the token "abc"`},
		{split(named["qwen2"], "Removed"), false, "no name for the pre-tokenizer"},
		{split(`\s+|\p{N}{1,3}|\S+`, "Isolated"), false, "no name for the pre-tokenizer"},
		{level, false, "no name for the pre-tokenizer"},
		{`{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}`, false, "no name for the pre-tokenizer"},
		{`{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":false},` + whole + `]}`, false, "no name for the pre-tokenizer"},
	} {
		j := hfTokenizer{PreTokenizer: json.RawMessage(x.pre)}
		j.Model.Whole = x.ignore
		j.Model.Vocab = map[string]int32{"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}
		merges := []string{"b c", "a b", "ab c"}
		got, err := j.pre()
		if err == nil {
			err = j.mergesSuffice(got, merges)
		}
		if err != nil && !strings.Contains(err.Error(), x.want) || err == nil && got != x.want {
			t.Errorf("%s: %q (%v), want %q", x.pre, got, err, x.want)
		}
	}
}

func TestBadGGUF(t *testing.T) {
	good := ggufOf(t, lively(t, fileConfig(), 1), nil, F32)
	for _, x := range []struct{ old, new, want string }{
		{"general.architecture", "general.architectUre", `general.architecture is ""`},
		{"blk.1.ffn_up.weight", "blk.1.ffn_Up.weight", `tensor "blk.1.ffn_up.weight" is missing`},
		{"llama.block_count", "llama.block_cOunt", "num_hidden_layers is 0"},
		{"llama.block_count\x04\x00\x00\x00\x02", "llama.block_count\x04\x00\x00\x00\x01", `does not belong to this model of 1 layers`},
		{"llama.feed_forward_length\x04\x00\x00\x00\x0a", "llama.feed_forward_length\x04\x00\x00\x00\x0b", "the metadata make it"},
		{"llama.vocab_size", "llama.expert_count", "expert_count is 11"},
	} {
		b := bytes.Replace(good, []byte(x.old), []byte(x.new), 1)
		if len(x.old) != len(x.new) { // the key's length precedes it
			i := bytes.Index(good, []byte(x.old))
			b[i-8] = byte(len(x.new))
		}
		if bytes.Equal(b, good) {
			t.Fatalf("%q does not occur", x.old)
		}
		path := filepath.Join(t.TempDir(), "x.gguf")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadGGUF(path); err == nil || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want the path and %q", err, x.want)
		}
	}
}

func FuzzGGUF(f *testing.F) {
	c := Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, KVHeads: 1, Hidden: 2, Context: 4, RopeTheta: 10000, NormEps: 1e-5}
	m, err := New(c, 1)
	if err != nil {
		f.Fatal(err)
	}
	good := ggufOf(f, m, nil, F32)
	f.Add(good)
	f.Add(good[:len(good)-9])
	f.Add(ggufOf(f, m, nil, F16))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := ggufFile(b)
		if err != nil {
			return
		}
		m, err := modelOfGGUF(file)
		if err != nil {
			return
		}
		if notFinite(m.w) >= 0 || m.cfg.Validate() != nil {
			t.Fatal("a model that does not hold")
		}
	})
}
