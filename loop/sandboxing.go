package loop

import (
	"errors"
	"slices"

	"pawl/core"
	"pawl/registry"
)

// sandbox is what runs code of others in this run. Whether there is one is asked
// once: what a key said of it must hold for the step that the key is of.
func (r *Run) sandbox() (core.Sandbox, error) {
	r.boxing.Do(func() {
		if r.boxErr = errors.New("opening a sandbox: this run has none"); r.Sandbox != nil {
			r.box, r.boxErr = r.Sandbox()
		}
	})
	return r.box, r.boxErr
}

// addSandbox adds the identity of the sandbox to the key of a step whose
// component, or one nested in it, runs code of others: another interpreter, or
// limits kept in another way, may come to another verdict. Where there is no
// sandbox the key is that of no verdict, and building the component says why.
func (r *Run) addSandbox(h *core.Hasher, s core.Spec) {
	if !slices.Contains(r.Registry.Needs(s), registry.NeedSandbox) {
		return
	}
	identity := "none"
	if box, err := r.sandbox(); err == nil {
		identity = box.Identity()
	}
	h.String("sandbox").String(identity)
}
