package registry

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

var knownNeeds = []string{NeedLogprobs, NeedEmbedded, NeedSandbox, NeedOracle, NeedReference}

var knownRefs = []string{"verifier", "seat", "tasks", "policy", "prompt"}

// Check reports components whose registration is incomplete: no summary, a
// setting without doc, a default that does not decode, a tag that says what
// nothing understands. The test of the standard distribution calls it.
func (r *Registry) Check() error {
	var errs []error
	for _, kind := range kinds {
		for _, name := range r.names(kind) {
			e := r.entry(kind, name)
			complain := func(format string, args ...any) {
				errs = append(errs, fmt.Errorf("%s %s: %s", kind, name, fmt.Sprintf(format, args...)))
			}
			if s := strings.TrimSpace(e.doc.Summary); s == "" || !strings.HasSuffix(s, ".") {
				complain("the summary %q is not a sentence", e.doc.Summary)
			}
			for _, n := range e.doc.Needs {
				if !contains(knownNeeds, n) {
					complain("it needs %q, which is none of %s", n, strings.Join(knownNeeds, ", "))
				}
			}
			r.checkShape(e.shape, "", complain)
		}
	}
	return errors.Join(errs...)
}

func (r *Registry) checkShape(s *shape, path string, complain func(string, ...any)) {
	inline := 0
	for _, f := range s.fields {
		at := join(path, f.name)
		if strings.TrimSpace(f.doc) == "" {
			complain("setting %s has no doc", at)
		}
		if f.ref != "" && !contains(knownRefs, f.ref) {
			complain("setting %s refers to a %q, which is none of %s", at, f.ref, strings.Join(knownRefs, ", "))
		}
		if f.kind != "" && !contains(kindNames(), string(f.kind)) {
			complain("setting %s is a component of the unknown kind %q", at, f.kind)
		}
		if f.required && f.def != nil {
			complain("setting %s is required and has a default", at)
		}
		if f.inline {
			inline++
		}
		if f.def != nil {
			d := r.Decoder("")
			d.value(f.shape, f, reflect.New(f.shape.typ).Elem(), defaultValue(f.shape, *f.def), at)
			for _, p := range d.Problems {
				complain("default of %v", p)
			}
		}
		if leaf := f.shape.leaf(); leaf.form == formStruct {
			r.checkShape(leaf, at, complain)
		}
	}
	if inline > 1 {
		complain("%d settings are inline; one may be", inline)
	}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return names
}
