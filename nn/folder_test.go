package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func fileConfig() Config {
	return Config{Vocab: 11, Width: 12, Layers: 2, Heads: 2, KVHeads: 1, Hidden: 10, Context: 16, RopeTheta: 10000, NormEps: 1e-5, BOS: 1, EOS: 2}
}

func safetensorsOf(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteSafetensors(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file builds a safetensors file from a header and data.
func file(header string, data []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestSafetensorsRoundTrip(t *testing.T) {
	for _, tie := range []bool{false, true} {
		c := fileConfig()
		c.TieEmbeddings = tie
		m := lively(t, c, 1)
		b := safetensorsOf(t, m)
		if !bytes.Equal(b, safetensorsOf(t, m.Clone())) {
			t.Error("the same weights give other bytes")
		}
		if n := binary.LittleEndian.Uint64(b); n%8 != 0 || len(b) != 8+int(n)+4*c.Params() {
			t.Errorf("a header of %d bytes and %d in all, for %d parameters", n, len(b), c.Params())
		}
		back, err := ReadModel(c, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.w, m.w) {
			t.Error("the weights change on the way")
		}
		names, infos, err := readHeader(bytes.NewReader(b))
		if err != nil || !slices.IsSorted(names) || fmt.Sprint(infos["model.layers.1.self_attn.k_proj.weight"].Shape) != "[6 12]" {
			t.Errorf("names %v (%v)", names, err)
		}
	}
}

// A fixed seed gives fixed weights, and their file a fixed digest: it names
// policies, so it may not change from release to release.
func TestDigestIsStable(t *testing.T) {
	m, err := New(fileConfig(), 42)
	if err != nil {
		t.Fatal(err)
	}
	const want = "4ec387392f2f87c88320a5eb35b63ae48ccb24bd59316d1a785bff1fec661f3b"
	if got := fmt.Sprintf("%x", sha256.Sum256(safetensorsOf(t, m))); got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
	n, mean, square := 0, 0.0, 0.0
	for _, x := range m.lay.layers[0].qkv.of(m.w) {
		n++
		mean += float64(x)
		square += float64(x) * float64(x)
	}
	if std := math.Sqrt(square / float64(n)); math.Abs(std*6-1) > 0.15 || math.Abs(mean/float64(n)) > 0.03 {
		t.Errorf("initial weights have mean %v and deviation %v, want 0 and 1/6", mean/float64(n), std)
	}
}

func TestHalfPrecision(t *testing.T) {
	c := fileConfig()
	m := lively(t, c, 1)
	for dtype, narrow := range map[string]func(float32) uint16{
		"BF16": func(x float32) uint16 { return uint16(math.Float32bits(x) >> 16) },
		"F16": func(x float32) uint16 { // toward zero, normal range only
			b := math.Float32bits(x)
			return uint16(b>>16&0x8000) | uint16((b>>23&255-112)<<10) | uint16(b>>13&1023)
		},
	} {
		header, data := map[string]tensorInfo{}, []byte(nil)
		for _, x := range m.Tensors() {
			at := int64(len(data))
			for i, w := range x.Data {
				if math.Abs(float64(w)) < 1e-3 { // below the normal range
					x.Data[i], w = 0.125, 0.125
				}
				data = binary.LittleEndian.AppendUint16(data, narrow(w))
			}
			header[x.Name] = tensorInfo{dtype, x.Shape, [2]int64{at, int64(len(data))}}
		}
		h, err := json.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadModel(c, bytes.NewReader(file(string(h), data)))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range m.w {
			if math.Abs(float64(got.w[i]-w)) > 0.008*math.Abs(float64(w)) {
				t.Fatalf("%s: weight %d is %v, want %v", dtype, i, got.w[i], w)
			}
		}
	}
	for h, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 0x0001: 0x1p-24, 0x83ff: -1023 * 0x1p-24,
		0x7c00: math.Inf(1), 0xfc00: math.Inf(-1), 0x3555: 0.333251953125,
	} {
		if got := float64(halfToFloat(h)); got != want {
			t.Errorf("half %04x is %v, want %v", h, got, want)
		}
	}
	if !math.IsNaN(float64(halfToFloat(0x7e00))) || math.Signbit(float64(halfToFloat(0x8000))) != true {
		t.Error("NaN or minus zero is lost")
	}
}

// What is stored narrower reads back within half a unit of its last place, and
// values that fit come back as they were.
func TestSaveAs(t *testing.T) {
	for kind, digits := range map[Dtype]int{F16: 11, BF16: 8} {
		m := lively(t, fileConfig(), 1)
		dir := t.TempDir()
		if err := m.SaveAs(dir, nil, kind); err != nil {
			t.Fatal(err)
		}
		back, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range m.w {
			if d := math.Abs(float64(back.w[i] - w)); d > math.Abs(float64(w))*math.Pow(2, -float64(digits))+0x1p-25 {
				t.Fatalf("%s: weight %d is %v, want %v", kind, i, back.w[i], w)
			}
		}
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil || !strings.Contains(string(config), torchDtype[kind]) {
			t.Errorf("%s: config.json does not name the type: %s", kind, config)
		}
		again := t.TempDir()
		if err := back.SaveAs(again, nil, kind); err != nil {
			t.Fatal(err)
		}
		second, err := Load(again)
		if err != nil || !slices.Equal(second.w, back.w) {
			t.Errorf("%s: rounding twice is not rounding once (%v)", kind, err)
		}
	}
	m := lively(t, fileConfig(), 1)
	m.w[0] = 1e5
	if err := m.SaveAs(t.TempDir(), nil, F16); err == nil || !strings.Contains(err.Error(), "beyond the range of f16") {
		t.Errorf("a weight that f16 cannot hold: %v", err)
	}
	if err := m.SaveAs(t.TempDir(), nil, "I8"); err == nil || !strings.Contains(err.Error(), `no type "I8"`) {
		t.Errorf("a type that does not exist: %v", err)
	}
	for x, want := range map[float32]uint16{
		0: 0, 1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 65519: 0x7bff, 65520: 0x7c00, 0x1p-14: 0x0400, 0x1p-24: 1, 0x1p-25: 0, 0x1.8p-25: 1,
		0x1.ff8p-15: 0x03ff, 0x1.ffcp-15: 0x0400, 1 + 0x1p-11: 0x3c00, 1 + 0x3p-11: 0x3c02, float32(math.Inf(-1)): 0xfc00,
	} {
		if got := floatToHalf(x); got != want {
			t.Errorf("%v as half is %04x, want %04x", x, got, want)
		}
	}
	for h := range 1 << 16 {
		if f := halfToFloat(uint16(h)); f == f && floatToHalf(f) != uint16(h) {
			t.Fatalf("half %04x becomes %v, then %04x", h, f, floatToHalf(f))
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "model")
	m := lively(t, fileConfig(), 1)
	tok, err := NewWords("0", "1", "2", "3", "4", "+", ";")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the first
		if err := m.Save(dir, tok); err != nil {
			t.Fatal(err)
		}
	}
	back, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := m.cfg
	want.BOS, want.EOS = 0, 1 // the tokenizer's
	if back.cfg != want || !slices.Equal(back.w, m.w) {
		t.Errorf("read back as %+v", back.cfg)
	}
	tok2, err := LoadTokenizer(dir)
	if err != nil || tok2.Hash() != tok.Hash() {
		t.Errorf("the tokenizer changes on the way (%v)", err)
	}
	got, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range got {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != "[config.json generation_config.json model.safetensors tokenizer.json tokenizer_config.json]" {
		t.Errorf("files %v", names)
	}
	big, err := NewWords(strings.Split("abcdefghijkl", "")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir, big); err == nil || !strings.Contains(err.Error(), "the tokenizer has 14 tokens, the model only 11") {
		t.Errorf("a tokenizer that does not fit: %v", err)
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	m := lively(t, fileConfig(), 1)
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	list := m.Tensors()
	weights := map[string]string{}
	for k, part := range [][]Tensor{list[:7], list[7:]} {
		name := fmt.Sprintf("model-%d.safetensors", k)
		b := safetensorsHeader(part, F32)
		for _, x := range part {
			b = append(b, floatBytes(x.Data)...)
			weights[x.Name] = name
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index := func() {
		b, err := json.Marshal(map[string]any{"weight_map": weights})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index()
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	back, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.w, m.w) {
		t.Error("the weights change on the way")
	}
	for _, name := range []string{"../model.safetensors", "/etc/passwd", "..", "", `..\model.safetensors`, "config.json", "a\x00.safetensors"} {
		weights["lm_head.weight"] = name
		index()
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("lies in %q", name)) {
			t.Errorf("a shard outside the folder: %v", err)
		}
	}
	weights["lm_head.weight"] = "model-3.safetensors"
	index()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "model-3.safetensors: no such file") {
		t.Errorf("a shard that is not there: %v", err)
	}
	delete(weights, "lm_head.weight")
	weights["model.norm.weight"] = "model-0.safetensors" // wherever it is, it is found
	index()
	if _, err := Load(dir); err != nil {
		t.Errorf("an index that leaves a tensor out: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	c := fileConfig()
	good := safetensorsOf(t, lively(t, c, 1))
	n := int(binary.LittleEndian.Uint64(good))
	header, data := string(good[8:8+n]), good[8+n:]
	swap := func(old, new string) []byte {
		s := strings.Replace(header, old, new, 1)
		if s == header {
			t.Fatalf("%q does not occur", old)
		}
		return file(s, data)
	}
	for _, x := range []struct {
		b    []byte
		want string
	}{
		{nil, "cut off"},
		{good[:5], "cut off"},
		{good[:30], "cut off"},
		{good[:len(good)-1], `tensor "model.norm.weight": it ends too early`},
		{[]byte("PK\x03\x04 a zip file, not a model"), "this is not a safetensors file"},
		{file(`{"a":`, nil), "not JSON"},
		{file(`{"a":3}`, nil), `tensor "a": its header entry`},
		{swap(`"lm_head.weight"`, `"lm_bread.weight"`), `tensor "lm_bread.weight" does not belong to this model of 2 layers`},
		{swap(`"shape":[11,12]`, `"shape":[12,11]`), `has shape [12 11]; config.json makes it [11 12]`},
		{swap(`"shape":[11,12]`, `"shape":[11,13]`), `528 bytes for shape [11 13] of F32, want 572`},
		{swap(`"shape":[11,12]`, `"shape":[-1,12]`), `impossible shape`},
		{swap(`"shape":[11,12]`, `"shape":[4611686018427387904,12]`), `impossible shape`},
		{swap(`"dtype":"F32"`, `"dtype":"I64"`), `is of type I64`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[528,0]`), `out of order or overlap`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[-528,0]`), `out of order or overlap`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[4,532]`), `out of order or overlap`},
		{file(`{}`, nil), `tensor "lm_head.weight" is missing`},
		{append(slices.Clone(good), 0), `goes on after the last tensor`},
		{append(slices.Clone(good[:len(good)-4]), 0, 0, 0xc0, 0x7f), `tensor "model.norm.weight": value 11 is NaN`},
		{append(slices.Clone(good[:len(good)-4]), 0, 0, 0x80, 0xff), `tensor "model.norm.weight": value 11 is -Inf`},
		{make([]byte, 1<<16), "this is not a safetensors file"},
		{append(binary.LittleEndian.AppendUint64(nil, maxHeader), '{'), "its header ends too early"},
		{binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "this is not a safetensors file"},
		{append(binary.LittleEndian.AppendUint64(nil, 100), make([]byte, 100)...), "its header is not JSON"},
	} {
		_, err := ReadModel(c, bytes.NewReader(x.b))
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	if _, err := ReadModel(Config{}, bytes.NewReader(good)); err == nil || !strings.Contains(err.Error(), "vocab_size is 0") {
		t.Errorf("no shape: %v", err)
	}
	// What the format allows beside the weights is passed over.
	tied := c
	tied.TieEmbeddings = true
	if _, err := ReadModel(tied, bytes.NewReader(good)); err != nil {
		t.Errorf("a head beside a tied embedding: %v", err)
	}
}

func TestBadFolders(t *testing.T) {
	dir := t.TempDir()
	m := lively(t, fileConfig(), 1)
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		`hidden_act is "gelu"`:                        {`"silu"`, `"gelu"`},
		`model_type is "gpt2"`:                        {`"llama"`, `"gpt2"`},
		`architectures is ["GPT2LMHeadModel"]`:        {`"LlamaForCausalLM"`, `"GPT2LMHeadModel"`},
		`self_attn.k_proj.bias" is missing`:           {`"hidden_act"`, `"attention_bias": true, "hidden_act"`},
		`down_proj.bias" is missing`:                  {`"hidden_act"`, `"mlp_bias": true, "hidden_act"`},
		`rope_scaling: high_freq_factor is 0`:         {`"hidden_act"`, `"rope_scaling": {"rope_type": "llama3"}, "hidden_act"`},
		`rope_scaling of type "dynamic"`:              {`"hidden_act"`, `"rope_scaling": {"type": "dynamic", "factor": 2}, "hidden_act"`},
		`rope_scaling of type ""`:                     {`"hidden_act"`, `"rope_scaling": {"factor": 2}, "hidden_act"`},
		`partial_rotary_factor is 0.5`:                {`"hidden_act"`, `"partial_rotary_factor": 0.5, "hidden_act"`},
		`sliding_window is 8 and in use`:              {`"hidden_act"`, `"sliding_window": 8, "hidden_act"`},
		`layer_types has "sliding_attention"`:         {`"hidden_act"`, `"layer_types": ["full_attention", "sliding_attention"], "hidden_act"`},
		`final_logit_softcapping is 30; this engine`:  {`"hidden_act"`, `"final_logit_softcapping": 30, "hidden_act"`},
		`quantization_config is {"bits": 4}; this`:    {`"hidden_act"`, `"quantization_config": {"bits": 4}, "hidden_act"`},
		`rope_parameters of type "yarn"`:              {`"hidden_act"`, `"rope_parameters": {"rope_type": "yarn"}, "hidden_act"`},
		`the head size 5 is odd`:                      {`"head_dim": 6`, `"head_dim": 5`},
		`config.json makes it [8 12]`:                 {`"head_dim": 6`, `"head_dim": 8`},
		`hidden_size 12 is not a multiple`:            {"\"num_attention_heads\": 2,\n  \"num_key_value_heads\": 1,\n  \"head_dim\": 6", `"num_attention_heads": 5`},
		`num_attention_heads 2 is not a multiple`:     {`"num_key_value_heads": 1`, `"num_key_value_heads": 3`},
		`num_hidden_layers is 1000000`:                {`"num_hidden_layers": 2`, `"num_hidden_layers": 1000000`},
		`but the weight files hold`:                   {`"vocab_size": 11`, `"vocab_size": 999999`},
		`rope_theta is 0; add "pawl_no_rope": true`:   {`"rope_theta": 10000`, `"rope_theta": 0`},
		`rope_theta is -1`:                            {`"rope_theta": 10000`, `"rope_theta": -1`},
		`rms_norm_eps is 3`:                           {`"rms_norm_eps": 0.00001`, `"rms_norm_eps": 3`},
		`eos_token_id is 11`:                          {`"eos_token_id": 2`, `"eos_token_id": 11`},
		`config.json: json: cannot unmarshal string`:  {`"vocab_size": 11`, `"vocab_size": "11"`},
		`config.json: invalid character`:              {`{`, `[`},
		`max_position_embeddings is 0; it must be`:    {`"max_position_embeddings": 16`, `"max_position_embeddings": 0`},
		`tensor "model.layers.1.input_layernorm.weig`: {`"num_hidden_layers": 2`, `"num_hidden_layers": 1`},
	} {
		s := strings.Replace(string(config), change[0], change[1], 1)
		if s == string(config) {
			t.Fatalf("%q does not occur in %s", change[0], config)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want the folder and %q", err, want)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "neither model.safetensors nor") {
		t.Errorf("no weights: %v", err)
	}
}

func TestConfigRoundTrip(t *testing.T) {
	for _, c := range tinyConfigs() {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Config
		if err := json.Unmarshal(b, &back); err != nil || back != c {
			t.Errorf("%+v becomes %+v (%v)", c, back, err)
		}
		if none := strings.Contains(string(b), `"pawl_no_rope":true`); none != (c.RopeTheta == 0) {
			t.Errorf("%s", b)
		}
	}
	for text, want := range map[string]Config{
		// As the folders of the public models have it, cut down in size.
		`{"architectures":["Qwen2ForCausalLM"],"attention_dropout":0.0,"bos_token_id":1,"eos_token_id":2,"hidden_act":"silu","hidden_size":8,
		"initializer_range":0.02,"intermediate_size":8,"max_position_embeddings":4,"max_window_layers":21,"model_type":"qwen2","num_attention_heads":2,
		"num_hidden_layers":1,"num_key_value_heads":1,"rms_norm_eps":1e-06,"rope_theta":1000000.0,"sliding_window":2,"tie_word_embeddings":true,
		"torch_dtype":"bfloat16","transformers_version":"4.40.1","use_cache":true,"use_sliding_window":false,"vocab_size":5}`: {
			Vocab: 5, Width: 8, Layers: 1, Heads: 2, KVHeads: 1, Hidden: 8, Context: 4, RopeTheta: 1e6, NormEps: 1e-6, QKVBias: true, TieEmbeddings: true, BOS: 1, EOS: 2},
		`{"architectures":["Qwen3ForCausalLM"],"attention_bias":false,"bos_token_id":1,"eos_token_id":2,"head_dim":6,"hidden_act":"silu","hidden_size":8,
		"intermediate_size":8,"max_position_embeddings":4,"max_window_layers":28,"model_type":"qwen3","num_attention_heads":2,"num_hidden_layers":1,
		"num_key_value_heads":1,"rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":1000000,"sliding_window":null,"tie_word_embeddings":true,
		"use_sliding_window":false,"layer_types":["full_attention"],"dtype":"bfloat16","vocab_size":5}`: {
			Vocab: 5, Width: 8, Layers: 1, Heads: 2, KVHeads: 1, HeadSize: 6, Hidden: 8, Context: 4, RopeTheta: 1e6, NormEps: 1e-6, QKNorm: true, TieEmbeddings: true, BOS: 1, EOS: 2},
		`{"_name_or_path":"x","architectures":["LlamaForCausalLM"],"attention_bias":false,"bos_token_id":1,"eos_token_id":[2,3],"hidden_act":"silu","hidden_size":8,
		"intermediate_size":8,"is_llama_config":true,"max_position_embeddings":4,"mlp_bias":false,"model_type":"llama","num_attention_heads":2,"num_hidden_layers":1,
		"num_key_value_heads":2,"pad_token_id":2,"pretraining_tp":1,"rms_norm_eps":1e-05,"rope_interleaved":false,"rope_theta":500000.0,
		"rope_scaling":{"factor":32.0,"high_freq_factor":4.0,"low_freq_factor":1.0,"original_max_position_embeddings":8192,"rope_type":"llama3"},
		"transformers.js_config":{"dtype":"q4"},"vocab_size":5}`: {
			Vocab: 5, Width: 8, Layers: 1, Heads: 2, KVHeads: 2, Hidden: 8, Context: 4, RopeTheta: 5e5, NormEps: 1e-5, BOS: 1, EOS: 2,
			RopeScaling: RopeScaling{Kind: ropeLlama3, Factor: 32, LowFreq: 1, HighFreq: 4, Original: 8192}},
	} {
		var c Config
		if err := json.Unmarshal([]byte(text), &c); err != nil || c != want {
			t.Errorf("got %+v (%v), want %+v", c, err, want)
		}
	}
	var c Config
	lean := `{"hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":5,"max_position_embeddings":4,
		"rope_parameters":{"rope_theta":500,"rope_type":"default"},"eos_token_id":[3,4]}`
	want := Config{Vocab: 5, Width: 8, Layers: 1, Heads: 2, KVHeads: 2, Hidden: 8, Context: 4, RopeTheta: 500, NormEps: 1e-6, BOS: -1, EOS: 3}
	if err := json.Unmarshal([]byte(lean), &c); err != nil || c != want {
		t.Errorf("got %+v (%v), want %+v", c, err, want)
	}
}

func FuzzSafetensors(f *testing.F) {
	c := Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, KVHeads: 1, Hidden: 2, Context: 4, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true}
	m, err := New(c, 1)
	if err != nil {
		f.Fatal(err)
	}
	good := safetensorsOf(f, m)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(file(`{"model.norm.weight":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)))
	f.Add(file(`{"x":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,9223372036854775807]}}`, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ReadModel(c, bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := ReadModel(c, bytes.NewReader(safetensorsOf(t, m)))
		if err != nil {
			t.Fatalf("reading back: %v", err)
		}
		for i, w := range m.w {
			if math.Float32bits(w) != math.Float32bits(again.w[i]) {
				t.Fatalf("weight %d changes from %v to %v", i, w, again.w[i])
			}
		}
	})
}

// A config that is taken is one that holds, and survives being written.
func FuzzConfig(f *testing.F) {
	for _, c := range tinyConfigs() {
		b, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"model_type":"llama","rope_scaling":{"rope_type":"llama3","factor":1e308,"low_freq_factor":1,"high_freq_factor":1e308}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, back Config
		if json.Unmarshal(b, &c) != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("taken, but %v", err)
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &back); err != nil || back != c {
			t.Fatalf("%+v becomes %+v (%v)", c, back, err)
		}
	})
}

// An index names files of its own folder or none.
func FuzzIndex(f *testing.F) {
	f.Add(`{"weight_map":{"a":"model-1.safetensors"}}`)
	f.Add(`{"weight_map":{"a":"../x.safetensors","b":"/x.safetensors"}}`)
	f.Add(`{"weight_map":{"a":"x\u0000.safetensors"}}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, s string) {
		if err := os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := weightFiles(dir)
		if err != nil {
			return
		}
		for _, name := range files {
			if filepath.Dir(filepath.Join(dir, name)) != dir {
				t.Fatalf("%q is outside", name)
			}
		}
	})
}
