package embedded

import (
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"pawl/core"
	"pawl/nn"
)

func adapted(t *testing.T, e *Engine, p core.Policy, rank int) *trainer {
	t.Helper()
	tr := trainerOf(t, e, p)
	if err := tr.Adapt(t.Context(), core.LoRA{Rank: rank, Alpha: 8, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	return tr
}

// What a trainer of adapters computes is, to the bit, what the policy it saves
// is scored at and what an export of it holds.
func TestAdaptersServeAsTrained(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	b := batch(spell("^abc$"), spell("^xy$"))
	tr := adapted(t, e, p, 2)
	first := stepFused(t, tr, b)
	for range 80 {
		stepFused(t, tr, b)
	}
	if err := tr.Logprobs(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	trained := slices.Clone(b.Logprobs[0])
	q, err := tr.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q[core.PartWeights] != p[core.PartWeights] || q.Version() == p.Version() {
		t.Fatalf("%v was trained to %v", p, q)
	}
	served := trainerOf(t, e, q)
	if err := served.Logprobs(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(trained, b.Logprobs[0]) {
		t.Errorf("trained at %v, served at %v", trained, b.Logprobs[0])
	}
	dir := exported(t, e, q)
	whole, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if whole[core.PartAdapter] != "" || whole[core.PartWeights] == p[core.PartWeights] {
		t.Errorf("exported and imported, the policy is %v", whole)
	}
	sum := trainerOf(t, e, whole)
	if err := sum.Logprobs(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(trained, b.Logprobs[0]) {
		t.Error("the exported folder has other log-probs")
	}
	for part, file := range adapterFiles {
		if got := core.Sum(read(t, filepath.Dir(filepath.Join(dir, file)), filepath.Base(file))); got != q[part] {
			t.Errorf("%s is %s, the policy says %s", file, got.Short(), q[part].Short())
		}
	}
	if last := stepFused(t, tr, b); !(last < 0.7*first) {
		t.Errorf("training took the loss from %v to %v only", first, last)
	}
}

// Policies with the same weights share one model, and adapters share their base.
func TestModelsAreShared(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	a := seated(t, e, p, core.Options{})
	b := seated(t, e, p.With("prompt", core.Sum([]byte("be brief"))), core.Options{})
	if a.version == b.version || a.model != b.model || a.sampler() != b.sampler() {
		t.Error("two policies with the same weights have a model each")
	}
	tr := adapted(t, e, p, 2)
	if tr.inner().Model() != a.model {
		t.Error("adapters are trained on a copy of their base")
	}
	if full := trainerOf(t, e, p); full.inner().Model() == a.model {
		t.Error("a model that is served is trained in place")
	}
	runtime.KeepAlive(a)
}

// Nobody's models do not stay.
func TestModelsAreForgotten(t *testing.T) {
	var c cache
	e, _ := newEngine()
	m, err := e.base(t.Context(), made(t, e, tiny(1)))
	if err != nil {
		t.Fatal(err)
	}
	model := m.model
	if _, err := c.get("a", func() (*nn.Model, error) { return model, nil }); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if runtime.GC(); c.find("a") == nil {
			return
		}
	}
	t.Error("a model that nobody holds stays in memory")
}
