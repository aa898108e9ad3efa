package nn

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func fileConfig() Config {
	return Config{Vocab: 11, Width: 12, Layers: 2, Heads: 2, KVHeads: 1, Hidden: 10, Context: 16, RopeTheta: 10000, NormEps: 1e-5, BOS: 1, EOS: 2}
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
