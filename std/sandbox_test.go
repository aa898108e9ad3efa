package std

import (
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/recipe"
	"pawl/registry"
)

// askedFor notes whether a component takes the sandbox.
type askedFor struct {
	*coretest.Host
	box bool
}

func (h *askedFor) Sandbox() (core.Sandbox, error) {
	h.box = true
	return coretest.HonestBox{}, nil
}

// A component that runs code of others says so: keys of steps and of `pawl
// verify` go by it. Those whose example reads files of the user's are not made.
func TestSandboxIsDeclared(t *testing.T) {
	var taking []string
	for _, kind := range registry.Kinds() {
		for _, c := range registry.Default.List(kind) {
			value, problems := recipe.Read(c.Name, []byte(c.Doc.Example))
			if len(problems) > 0 || c.Doc.Example == "" {
				value = registry.Value{Form: registry.Text, Text: c.Name}
			}
			spec, found := registry.Default.Decode(kind, value, c.Name)
			if len(found) > 0 {
				continue // there is no example that decodes by itself
			}
			h := &askedFor{Host: coretest.NewHost(&coretest.Scripted{})}
			h.Actors["tester"], h.Actors["checker"] = h.Actors["solver"], h.Actors["solver"]
			registry.Default.Build(t.Context(), h, spec)
			if !h.box {
				continue
			}
			taking = append(taking, c.Name)
			if !slices.Contains(registry.Default.Needs(spec), registry.NeedSandbox) {
				t.Errorf("%s %s takes the sandbox and does not say that it needs one", kind, c.Name)
			}
		}
	}
	for _, name := range []string{"agreement", "cases", "program_check", "program_of_thought"} {
		if !slices.Contains(taking, name) {
			t.Errorf("%s was not seen taking the sandbox; is its example built?", name)
		}
	}
}
