package embedded

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// memory is blobs that count what is stored.
type memory struct {
	*coretest.Host
	puts atomic.Int64
}

func (m *memory) Put(ctx context.Context, b []byte) (core.Digest, error) {
	m.puts.Add(1)
	return m.Host.Put(ctx, b)
}

func newEngine() (*Engine, *memory) {
	m := &memory{Host: coretest.NewHost(nil)}
	return New(m), m
}

// tiny is the shape of a model that takes no time.
func tiny(seed uint64) core.ModelShape {
	return core.ModelShape{Width: 16, Layers: 1, Heads: 2, Context: 64, RopeTheta: 10000, Seed: seed}
}

// spaced is tiny, for words that stand between spaces.
func spaced(words ...string) core.ModelShape {
	s := tiny(1)
	s.Vocabulary, s.Spaced = words, true
	return s
}

func made(t testing.TB, e *Engine, s core.ModelShape) core.Policy {
	t.Helper()
	p, err := e.NewModel(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func seated(t testing.TB, e *Engine, p core.Policy, o core.Options) *actor {
	t.Helper()
	a, err := e.Actor(t.Context(), p, "solver", o)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*actor)
}

func user(s string) core.Node { return core.Node{Role: core.RoleUser, Content: s} }

func assistant(s string) core.Node { return core.Node{Role: core.RoleAssistant, Content: s} }

// sampled is a turn with ids of its own.
func sampled(s string, ids ...int32) core.Node {
	return core.Node{Role: core.RoleAssistant, Content: s, TokenIDs: ids}
}

func heat(v float64) *float64 { return &v }

// exported writes p as a folder in which a test may then change files.
func exported(t testing.TB, e *Engine, p core.Policy) string {
	t.Helper()
	dir := t.TempDir()
	if err := e.Export(t.Context(), p, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// storiesDir is a folder of a public 260,000-parameter Llama.
func storiesDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; it would hold stories260k/, karpathy's stories260K (MIT) as a Hugging Face folder")
	}
	return filepath.Join(dir, "stories260k")
}
