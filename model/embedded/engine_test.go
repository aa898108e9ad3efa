package embedded

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
)

func TestExportAndImport(t *testing.T) {
	e, _ := newEngine()
	letters := tiny(2)
	letters.Vocabulary = []string{"a", "b", "ab"}
	shaped := core.ModelShape{Width: 24, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 40, Context: 32, Seed: 9} // no rotation
	for what, s := range map[string]core.ModelShape{"bytes": tiny(1), "words": spaced("1", "2"), "letters": letters, "another shape": shaped} {
		p := made(t, e, s)
		dir := exported(t, e, p)
		if got := core.Sum(read(t, dir, "model.safetensors")); got != p[core.PartWeights] {
			t.Errorf("%s: weights are named %s, the exported file is %s", what, p[core.PartWeights].Short(), got.Short())
		}
		for part, file := range files {
			if got := core.Sum(read(t, dir, file)); got != p[part] {
				t.Errorf("%s: %s is %s, the policy says %s", what, file, got.Short(), p[part].Short())
			}
		}
		again, err := e.Import(t.Context(), dir)
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s: exported and imported again, %v becomes %v (%v)", what, p, again, err)
		}
		if same := made(t, e, s); !reflect.DeepEqual(same, p) {
			t.Errorf("%s: the same shape and seed give another model", what)
		}
		s.Seed++
		if other := made(t, e, s); other[core.PartWeights] == p[core.PartWeights] {
			t.Errorf("%s: another seed gives the same weights", what)
		}
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range left {
			if strings.HasPrefix(f.Name(), ".") {
				t.Errorf("%s: %s is left behind", what, f.Name())
			}
		}
	}
}

func TestModelsThatCannotBe(t *testing.T) {
	e, m := newEngine()
	twice := tiny(1)
	twice.Vocabulary = []string{"a", "a"}
	odd := tiny(1)
	odd.Heads = 3 // 16 is not a multiple
	for what, s := range map[string]core.ModelShape{"a word twice": twice, "heads that do not divide": odd} {
		if _, err := e.NewModel(t.Context(), s); err == nil {
			t.Errorf("%s: a model is made", what)
		}
	}
	if m.puts.Load() != 0 {
		t.Errorf("%d parts are stored of models that cannot be", m.puts.Load())
	}
}

// Nothing is stored of a folder that cannot be used.
func TestDamagedFolders(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	for what, c := range map[string]struct {
		damage func(dir string)
		want   string
	}{
		"no folder":         {func(dir string) { os.RemoveAll(dir) }, "config.json"},
		"no weights":        {func(dir string) { os.Remove(filepath.Join(dir, "model.safetensors")) }, "model.safetensors"},
		"no tokenizer":      {func(dir string) { os.Remove(filepath.Join(dir, "tokenizer.json")) }, "tokenizer.json"},
		"weights cut off":   {func(dir string) { cut(t, dir, "model.safetensors") }, "model.safetensors"},
		"config cut off":    {func(dir string) { cut(t, dir, "config.json") }, "config.json"},
		"tokenizer cut off": {func(dir string) { cut(t, dir, "tokenizer.json") }, "tokenizer.json"},
		"settings cut off":  {func(dir string) { cut(t, dir, "tokenizer_config.json") }, "tokenizer_config.json"},
		"another model's": {func(dir string) {
			other(t, dir, core.ModelShape{Width: 32, Layers: 1, Heads: 2, Context: 64}, "config.json")
		}, "the weight files hold"},
		"a larger vocabulary": {func(dir string) { vocabulary(t, dir) }, "the tokenizer has 260 tokens, but the model only 259"},
	} {
		dir := exported(t, e, p)
		c.damage(dir)
		fresh, m := newEngine()
		_, err := fresh.Import(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", what, err)
		}
		if n := m.puts.Load(); n != 0 {
			t.Errorf("%s: %d parts are stored", what, n)
		}
	}
}

func cut(t *testing.T, dir, name string) {
	t.Helper()
	b := read(t, dir, name)
	write(t, dir, name, b[:len(b)*2/3])
}

// other puts a file of another model into the folder.
func other(t *testing.T, dir string, s core.ModelShape, name string) {
	t.Helper()
	e, _ := newEngine()
	write(t, dir, name, read(t, exported(t, e, made(t, e, s)), name))
}

// vocabulary gives the tokenizer one more token.
func vocabulary(t *testing.T, dir string) {
	t.Helper()
	var j map[string]any
	if err := json.Unmarshal(read(t, dir, "tokenizer.json"), &j); err != nil {
		t.Fatal(err)
	}
	j["model"].(map[string]any)["vocab"].(map[string]any)["extra"] = 259
	b, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "tokenizer.json", b)
}

func TestPoliciesThatAreNotTheEngines(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	for what, q := range map[string]core.Policy{
		"no weights":    p.With(core.PartWeights, ""),
		"unknown blob":  p.With(core.PartWeights, core.Sum([]byte("nowhere"))),
		"not its shape": p.With(core.PartConfig, made(t, e, core.ModelShape{Width: 32, Layers: 1, Heads: 2, Context: 64})[core.PartConfig]),
		"no policy":     nil,
	} {
		if _, err := e.Actor(t.Context(), q, "solver", core.Options{}); err == nil {
			t.Errorf("%s: an actor is seated", what)
		}
		if _, err := e.Trainer(t.Context(), q); err == nil {
			t.Errorf("%s: a trainer is made", what)
		}
		if err := e.Export(t.Context(), q, t.TempDir()); err == nil {
			t.Errorf("%s: it is exported", what)
		}
	}
	// Parts that other components add do not disturb, and stay through training.
	q := p.With(core.PartPrompt, core.Sum([]byte("be brief")))
	tr, err := e.Trainer(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if saved, err := tr.Save(t.Context()); err != nil || !reflect.DeepEqual(saved, q) {
		t.Errorf("saved without a step, %v becomes %v (%v)", q, saved, err)
	}
}
