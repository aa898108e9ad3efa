package nn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pawl/nn/gguf"
)

// The types of tokens in GGUF.
const (
	tokenNormal  = 1
	tokenControl = 3
	tokenUser    = 4 // matched as a whole before anything else
	tokenUnused  = 5
	tokenByte    = 6
)

// hfTokenizer is what of tokenizer.json matters for llama.cpp.
type hfTokenizer struct {
	Added []struct {
		ID      int32  `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
	} `json:"added_tokens"`
	Normalizer   json.RawMessage `json:"normalizer"`
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	Model        struct {
		Type         string            `json:"type"`
		Vocab        map[string]int32  `json:"vocab"`
		Merges       []json.RawMessage `json:"merges"`
		Unknown      *string           `json:"unk_token"`
		ByteFallback bool              `json:"byte_fallback"`
		Whole        bool              `json:"ignore_merges"` // a word that is a token needs no merges
	} `json:"model"`
}

// ggufTokenizer describes a tokenizer to llama.cpp:
//
//   - BPE over bytes, and bare bytes, as its "gpt2";
//   - BPE over characters with byte fallback as its "llama", which merges what
//     has the highest score: scores are minus the merges' ranks;
//   - whole words as its "t5", which takes the fewest tokens; the words of our
//     tasks can be cut in only one way.
//
// Without a tokenizer the file says so, and serves token ids alone.
func ggufTokenizer(tok *Tokenizer, size int) ([]gguf.Entry, error) {
	if tok == nil {
		return []gguf.Entry{{Key: "tokenizer.ggml.model", Value: "no_vocab"}}, nil
	}
	raw, _ := tok.JSON(0)
	var j hfTokenizer
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	if tok.Size() > size {
		return nil, fmt.Errorf("the tokenizer has %d tokens, the model only %d", tok.Size(), size)
	}
	v := j.vocabulary(size)
	var meta []gguf.Entry
	set := func(key string, value any) {
		meta = append(meta, gguf.Entry{Key: "tokenizer.ggml." + key, Value: value})
	}
	switch {
	case j.Model.Type == "WordLevel":
		set("model", "t5")
		set("add_space_prefix", v.spaced(&j))
		set("remove_extra_whitespaces", false)
	case j.byteLevel():
		set("model", "gpt2")
		for _, kind := range kinds(j.Normalizer) {
			if kind != "NFC" && kind != "Sequence" { // most text is in that form; llama.cpp takes it as it is
				return nil, fmt.Errorf("tokenizer.json: llama.cpp has no normalizer %s for BPE over bytes", kind)
			}
		}
		pre, err := j.pre()
		if err != nil {
			return nil, err
		}
		set("pre", pre)
		merges, err := j.merges()
		if err != nil {
			return nil, err
		}
		if err := j.mergesSuffice(pre, merges); err != nil {
			return nil, err
		}
		set("merges", merges)
	case j.Model.ByteFallback && len(j.Model.Merges) == 0 && len(kinds(j.Normalizer)) == 0:
		v.spellBytes()
		set("model", "gpt2")
		set("pre", "gpt-2")
		set("merges", []string{})
	case j.Model.ByteFallback:
		set("model", "llama")
		set("pre", "default")
		set("add_space_prefix", j.prefixed())
		if err := v.score(&j); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("tokenizer.json: llama.cpp has no BPE over characters without byte fallback")
	}
	set("tokens", v.tokens)
	set("scores", v.scores)
	set("token_type", v.types)
	if tok.BOS() >= 0 {
		set("bos_token_id", uint32(tok.BOS()))
	}
	if tok.EOS() >= 0 {
		set("eos_token_id", uint32(tok.EOS()))
	}
	if id, ok := j.unknown(); ok {
		set("unknown_token_id", uint32(id))
	} else if j.Model.Type == "WordLevel" {
		// llama.cpp wants one; text without tokens is an error in this engine.
		set("unknown_token_id", uint32(max(tok.EOS(), 0)))
	}
	set("add_bos_token", tok.AddsBOS())
	set("add_eos_token", false)
	if t := tok.ChatTemplate(); t != "" {
		meta = append(meta, gguf.Entry{Key: "tokenizer.chat_template", Value: t})
	}
	return meta, nil
}

// vocabulary is the tokens by id; ids without one are filled up.
type vocabulary struct {
	tokens []string
	scores []float32
	types  []int32
}

func (j *hfTokenizer) vocabulary(size int) *vocabulary {
	v := &vocabulary{make([]string, size), make([]float32, size), make([]int32, size)}
	for i := range size {
		v.tokens[i], v.types[i] = fmt.Sprintf("[PAD%d]", i), tokenUnused
	}
	for s, id := range j.Model.Vocab {
		if int(id) < size && id >= 0 {
			v.tokens[id], v.types[id] = s, tokenNormal
			if j.Model.ByteFallback && len(s) == 6 && strings.HasPrefix(s, "<0x") && strings.HasSuffix(s, ">") {
				v.types[id] = tokenByte
			}
		}
	}
	for _, a := range j.Added {
		if int(a.ID) < size && a.ID >= 0 {
			v.tokens[a.ID], v.types[a.ID] = a.Content, tokenUser
			if a.Special {
				v.types[a.ID] = tokenControl
			}
		}
	}
	return v
}

// kinds are the types of a component of tokenizer.json, those in a sequence
// included.
func kinds(raw json.RawMessage) []string {
	var x struct {
		Type string            `json:"type"`
		Pre  []json.RawMessage `json:"pretokenizers"`
		Norm []json.RawMessage `json:"normalizers"`
	}
	if json.Unmarshal(raw, &x) != nil || x.Type == "" {
		return nil
	}
	list := []string{x.Type}
	for _, part := range slices.Concat(x.Pre, x.Norm) {
		list = append(list, kinds(part)...)
	}
	return list
}

func (j *hfTokenizer) byteLevel() bool { return slices.Contains(kinds(j.PreTokenizer), "ByteLevel") }

// prefixed tells whether a space is put before the text.
func (j *hfTokenizer) prefixed() bool {
	return slices.Contains(kinds(j.Normalizer), "Prepend") || slices.Contains(kinds(j.PreTokenizer), "Metaspace") &&
		!strings.Contains(string(j.PreTokenizer), `"never"`)
}

func (j *hfTokenizer) unknown() (int32, bool) {
	if j.Model.Unknown == nil {
		return 0, false
	}
	id, ok := j.Model.Vocab[*j.Model.Unknown]
	return id, ok
}

// merges are pairs with a space between, as older tokenizer.json files have them.
func (j *hfTokenizer) merges() ([]string, error) {
	list := make([]string, len(j.Model.Merges))
	for i, raw := range j.Model.Merges {
		var pair []string
		if json.Unmarshal(raw, &list[i]) == nil {
			continue
		}
		if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("tokenizer.json: merge %d is %s", i, raw)
		}
		list[i] = pair[0] + " " + pair[1]
	}
	return list, nil
}

// score gives each token made by a merge minus the merge's rank.
func (v *vocabulary) score(j *hfTokenizer) error {
	merges, err := j.merges()
	if err != nil {
		return err
	}
	for rank, m := range slices.Backward(merges) { // the first merge of a token counts
		if id, ok := j.Model.Vocab[strings.Replace(m, " ", "", 1)]; ok && int(id) < len(v.scores) {
			v.scores[id] = -float32(rank)
		}
	}
	return nil
}

// spellBytes names byte tokens as GPT-2 does (Radford et al. 2019): visible
// characters of Latin-1 stand for themselves, the other bytes for the
// characters from U+0100 on.
func (v *vocabulary) spellBytes() {
	next := rune(0x100)
	for b := range 256 {
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
			r = next
			next++
		}
		if i := slices.Index(v.tokens, fmt.Sprintf("<0x%02X>", b)); i >= 0 && v.types[i] == tokenByte {
			v.tokens[i], v.types[i] = string(r), tokenNormal
		}
	}
}

// spaced makes words that stand apart by spaces carry one before them, and
// tells whether these words do.
func (v *vocabulary) spaced(j *hfTokenizer) bool {
	for i := range v.scores {
		v.scores[i] = -1
	}
	if !slices.Contains(kinds(j.PreTokenizer), "WhitespaceSplit") {
		for i, s := range v.tokens {
			v.tokens[i] = strings.ReplaceAll(s, " ", "▁")
		}
		return false
	}
	for i, kind := range v.types {
		if kind == tokenNormal {
			v.tokens[i] = "▁" + v.tokens[i]
		}
	}
	return true
}
