package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// NewBytes makes the tokenizer of raw bytes: padding (0), begin (1) and end (2)
// tokens, then the 256 bytes. It can express any text. In tokenizer.json it is
// BPE with byte fallback and no merges.
func NewBytes() *Tokenizer {
	specials := []string{"<pad>", "<s>", "</s>"}
	j := newTokenizerJSON(specials)
	ids := map[string]int32{}
	for i, s := range specials {
		ids[s] = int32(i)
	}
	for b := range 256 {
		ids[fmt.Sprintf("<0x%02X>", b)] = int32(len(specials) + b)
	}
	j.Decoder = rawJSON(map[string]any{"type": "Sequence", "decoders": []any{
		map[string]string{"type": "ByteFallback"}, map[string]string{"type": "Fuse"},
	}})
	j.Model = rawJSON(map[string]any{
		"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
		"end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": true,
		"ignore_merges": false, "vocab": ids, "merges": []string{},
	})
	t, err := parse(j.bytes(), nil)
	if err != nil {
		panic(err) // it depends on nothing but this function
	}
	return t
}

// newTokenizerJSON is the frame of a tokenizer of ours: specials at ids 0, 1,
// ..., and texts that start with "<s>".
func newTokenizerJSON(specials []string) *tokenizerJSON {
	j := &tokenizerJSON{Version: "1.0"}
	for i, s := range specials {
		j.Added = append(j.Added, addedJSON{ID: int32(i), Content: s, Normalized: new(bool), Special: true})
	}
	bos := 0
	for specials[bos] != "<s>" {
		bos++
	}
	begin := map[string]any{"SpecialToken": map[string]any{"id": "<s>", "type_id": 0}}
	seq := func(id string, typ int) any {
		return map[string]any{"Sequence": map[string]any{"id": id, "type_id": typ}}
	}
	j.PostProcessor = rawJSON(map[string]any{
		"type": "TemplateProcessing", "single": []any{begin, seq("A", 0)},
		"pair": []any{begin, seq("A", 0), seq("B", 1)},
		"special_tokens": map[string]any{
			"<s>": map[string]any{"id": "<s>", "ids": []int{bos}, "tokens": []string{"<s>"}},
		},
	})
	return j
}

func (j *tokenizerJSON) bytes() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(j); err != nil {
		panic(err) // all parts are JSON already
	}
	return b.Bytes()
}

func rawJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return b
}
