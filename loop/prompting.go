package loop

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

// Dialects is the companion of Models that know in which dialect a policy is
// best asked; without it, all are asked in chat.
type Dialects interface {
	Dialect(ctx context.Context, p core.Policy) (string, error)
}

// Wording is the recipe's wording of a template in the dialect of a seat. Only
// templates that the step's component names in its configuration are given
// out: their words are in the step's key, those of others are not.
func (h *host) Wording(name, seat string) (core.Wording, error) {
	if name != "" && !slices.Contains(h.prompts, name) {
		return core.Wording{}, fmt.Errorf(`the component names no prompt %q in a field tagged ref:"prompt"`, name)
	}
	s, ok := h.run.Plan.Seat(seat)
	if !ok {
		return core.Wording{}, fmt.Errorf("the recipe has no seat %q", seat)
	}
	dialect := s.Dialect
	if d, ok := h.run.Models.(Dialects); ok && dialect == "" && s.Policy != "" {
		var err error
		if dialect, err = d.Dialect(context.Background(), h.team[s.Policy]); err != nil {
			return core.Wording{}, err
		}
	}
	if dialect == "" {
		dialect = prompt.Chat
	}
	if name == "" {
		return core.Wording{Dialect: dialect}, nil
	}
	return h.run.Plan.Wording(name, dialect)
}

// addSpec adds to a key all of a component that determines what it does: its
// configuration, the files it reads, the sandbox that its code of others runs in,
// and the words of the prompts that it, or one nested in it, asks with.
func (r *Run) addSpec(h *core.Hasher, s core.Spec) {
	h.Bytes(canonical(s))
	if d := registry.FilesDigest(s); d != "" {
		h.String("files").String(string(d))
	}
	r.addSandbox(h, s)
	for _, name := range promptsNamed(s) {
		t, err := r.Plan.Prompt(name)
		if err != nil {
			continue // building the component will say so
		}
		h.String("prompt").String(string(t.Digest()))
	}
}

// promptsNamed lists the templates that a component, or one nested in it, names.
func promptsNamed(s core.Spec) []string { return named(reflect.ValueOf(s.Config), "prompt") }
