package pawl

import (
	"context"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/registry"
)

// verifyHost is the core.Host of verifiers that judge what others have written.
// There is no model behind it: whatever needs one is refused.
type verifyHost struct {
	core.Modelless
	p *Pawl
	v *Verification
}

var _ core.Host = (*verifyHost)(nil)

func newVerifyHost(p *Pawl, v *Verification) *verifyHost {
	return &verifyHost{core.Modelless{Why: "recorded completions are judged without any model or recipe; use " + v.spec.Label() + " in a recipe"}, p, v}
}

func (h *verifyHost) Build(ctx context.Context, s core.Spec) (any, error) {
	return registry.Default.Build(ctx, h, s)
}

func (h *verifyHost) Sandbox() (core.Sandbox, error) { return h.p.Sandbox() }

func (h *verifyHost) Put(ctx context.Context, b []byte) (core.Digest, error) {
	return h.p.store.Put(ctx, b)
}

func (h *verifyHost) Get(ctx context.Context, d core.Digest) ([]byte, error) {
	return h.p.store.Get(ctx, d)
}

func (h *verifyHost) Keep(context.Context, []byte) error { return nil }

func (h *verifyHost) Kept(context.Context) ([]byte, error) { return nil, nil }

// Seed is that of the contents: a verifier that draws judges alike each time.
func (h *verifyHost) Seed() uint64 { return core.NewHasher("verify").String(string(h.v.key)).Seed() }

func (h *verifyHost) Now() time.Time { return time.Now() }

// Progress tells what the verifier has to say as a line of its own.
func (h *verifyHost) Progress(p core.Progress) {
	if p.Note != "" {
		h.v.tell(loop.Event{Shape: p.Note})
	}
}
