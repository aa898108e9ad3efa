package nn

import (
	"bytes"
	"strings"
	"testing"
)

func peftOf(t testing.TB, a *LoRA) (config, weights []byte) {
	t.Helper()
	config, err := a.ConfigJSON()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := a.WriteSafetensors(&b); err != nil {
		t.Fatal(err)
	}
	return config, b.Bytes()
}

func TestAdapterFilesRoundTrip(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := lively(t, c, 3)
		a := livelyLoRA(t, m, LoRAConfig{Rank: 3, Alpha: 4, Targets: []string{"k", "gate", "o", "v"}}, 2)
		config, weights := peftOf(t, a)
		b, err := ReadLoRA(m, config, bytes.NewReader(weights))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !b.Config().Equal(a.Config()) || !bytes.Equal(floatBytes(a.w), floatBytes(b.w)) {
			t.Errorf("%s: the adapters have changed on their way", name)
		}
		if _, again := peftOf(t, b); !bytes.Equal(weights, again) {
			t.Errorf("%s: the same adapters have two forms", name)
		}
	}
}

// B is [out, rank] on disk: its first row is the first column of ours.
func TestAdapterNamesAndShapes(t *testing.T) {
	m := lively(t, tinyConfigs()["tied, grouped, rope"], 3)
	a := livelyLoRA(t, m, LoRAConfig{Rank: 2, Alpha: 4, Targets: []string{"k"}}, 2)
	list := a.tensors()
	if len(list) != 4 {
		t.Fatalf("%d tensors of 2 layers", len(list))
	}
	B := list[3]
	if B.Name != "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight" || B.Shape[0] != 12 || B.Shape[1] != 2 {
		t.Errorf("%s %v", B.Name, B.Shape)
	}
	bT := a.groups[layerSlots+slotQKV].parts[0].bT.mat(a.w)
	if B.Data[0] != bT.Row(0)[0] || B.Data[1] != bT.Row(1)[0] || B.Data[2] != bT.Row(0)[1] {
		t.Error("B is not transposed")
	}
	config, _ := peftOf(t, a)
	for _, want := range []string{`"peft_type": "LORA"`, `"r": 2`, `"lora_alpha": 4`, `"k_proj"`, `"task_type": "CAUSAL_LM"`} {
		if !strings.Contains(string(config), want) {
			t.Errorf("adapter_config.json lacks %s:\n%s", want, config)
		}
	}
}

func TestBadAdapterFiles(t *testing.T) {
	m := lively(t, small, 1)
	a := livelyLoRA(t, m, LoRAConfig{Rank: 2, Alpha: 4}, 2)
	config, weights := peftOf(t, a)
	swap := func(old, new string) []byte { return []byte(strings.Replace(string(config), old, new, 1)) }
	for what, c := range map[string]struct{ config, weights []byte }{
		"only LORA":                         {swap(`"LORA"`, `"IA3"`), weights},
		"use_dora":                          {swap(`"bias"`, `"use_dora": true, "bias"`), weights},
		`bias is "all"`:                     {swap(`"none"`, `"all"`), weights},
		`names "lm_head"`:                   {swap(`"q_proj"`, `"lm_head"`), weights},
		"target_modules is empty":           {[]byte(`{"peft_type": "LORA", "r": 1, "lora_alpha": 1}`), weights},
		"has shape [2 176], want [3 176]":   {swap(`"r": 2`, `"r": 3`), weights},
		"is not looked for here":            {swap(`"q_proj",`, ``), weights},
		"it ends too early":                 {config, weights[:len(weights)-4]},
		"adapter_config.json: unexpected e": {config[:20], weights},
	} {
		if _, err := ReadLoRA(m, c.config, bytes.NewReader(c.weights)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
	for what, change := range map[string]func([]byte) []byte{
		"is NaN; the checkpoint is of a failed training": func(b []byte) []byte { copy(b[len(b)-8:], "\xff\xff\xff\xff"); return b },
		"it goes on after the last tensor":               func(b []byte) []byte { return append(b, 0) },
	} {
		if _, err := ReadLoRA(m, config, bytes.NewReader(change(bytes.Clone(weights)))); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
	few := livelyLoRA(t, m, LoRAConfig{Rank: 2, Alpha: 4, Targets: []string{"q"}}, 2)
	_, lacking := peftOf(t, few)
	if _, err := ReadLoRA(m, config, bytes.NewReader(lacking)); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("missing tensors: %v", err)
	}
}

// Whatever the files hold, reading them ends, without a panic.
func FuzzReadLoRA(f *testing.F) {
	m, err := New(Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, Hidden: 2, Context: 4, BOS: -1, EOS: -1}, 1)
	if err != nil {
		f.Fatal(err)
	}
	config, weights := peftOf(f, livelyLoRA(f, m, LoRAConfig{Rank: 1, Alpha: 1, Targets: []string{"o", "up"}}, 1))
	f.Add(config, weights)
	f.Add(config, weights[:30])
	f.Add([]byte(`{}`), []byte{})
	f.Fuzz(func(t *testing.T, config, weights []byte) {
		a, err := ReadLoRA(m, config, bytes.NewReader(weights))
		if err == nil {
			if _, err := a.Merge(m); err != nil {
				t.Fatal(err)
			}
		}
	})
}
