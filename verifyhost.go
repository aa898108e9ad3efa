package pawl

import (
	"context"
	"fmt"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/registry"
)

// verifyHost is the core.Host of verifiers that judge what others have written.
// There is no model behind it: whatever needs one is refused.
type verifyHost struct {
	p *Pawl
	v *Verification
}

var _ core.Host = (*verifyHost)(nil)

func (h *verifyHost) refuse(what string) error {
	return fmt.Errorf("%s: recorded completions are judged without any model or recipe; use %s in a recipe", what, h.v.spec.Label())
}

func (h *verifyHost) Actor(seat string) (core.Actor, error) {
	return nil, h.refuse(fmt.Sprintf("asking the seat %q", seat))
}

func (h *verifyHost) Trainer(context.Context, core.Policy) (core.Trainer, error) {
	return nil, h.refuse("training")
}

func (h *verifyHost) NewModel(context.Context, core.ModelShape) (core.Policy, error) {
	return nil, h.refuse("making a model")
}

func (h *verifyHost) Encoder(context.Context, core.Policy) (core.Encoder, error) {
	return nil, h.refuse("encoding for a model")
}

func (h *verifyHost) Tasks(_ context.Context, set string) (core.TaskSource, error) {
	return nil, h.refuse(fmt.Sprintf("reading the task set %q of a recipe", set))
}

func (h *verifyHost) Try(context.Context, core.Policy, string) ([]*core.Episode, error) {
	return nil, h.refuse("trying a candidate")
}

func (h *verifyHost) Wording(string, string) (core.Wording, error) {
	return core.Wording{}, h.refuse("wording a prompt")
}

func (h *verifyHost) Policies() map[string]core.Policy { return nil }

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
