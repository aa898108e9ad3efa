package registry

import (
	"fmt"
	"io"
	"strings"

	"pawl/core"
)

// Component is a registered component as programs and people see it.
type Component struct {
	Kind core.Kind `json:"kind"`
	Name string    `json:"name"`
	Doc
	Fields []Field `json:"options"`
}

// Field is one setting of a component.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc"`
	Default  *string  `json:"default,omitempty"`
	Min      *float64 `json:"min,omitempty"`
	Max      *float64 `json:"max,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Required bool     `json:"required,omitempty"`
	Ref      string   `json:"ref,omitempty"`    // names a verifier, seat, policy or task set
	Fields   []Field  `json:"fields,omitempty"` // of a nested map
}

// List gives the components of a kind by name; of all kinds, in the order of
// the data flow, where kind is "".
func (r *Registry) List(kind core.Kind) []Component {
	var list []Component
	for _, k := range kinds {
		if kind != "" && k != kind {
			continue
		}
		for _, name := range r.names(k) {
			list = append(list, r.entry(k, name).component())
		}
	}
	return list
}

// Describe finds components by name: one, or several of different kinds.
// Where there is none, the error names the nearest, or the nearest kind.
func (r *Registry) Describe(name string) ([]Component, error) {
	var found []Component
	var all []string
	for _, c := range r.List("") {
		all = append(all, c.Name)
		if c.Name == name {
			found = append(found, c)
		}
	}
	if found == nil {
		for _, k := range kinds {
			all = append(all, string(k))
		}
		return nil, fmt.Errorf("finding component %q: no such component%s", name, didYouMean(name, all))
	}
	return found, nil
}

func (e *entry) component() Component {
	return Component{Kind: e.kind, Name: e.name, Doc: e.doc, Fields: e.shape.describeFields()}
}

func (s *shape) describeFields() []Field {
	fields := make([]Field, 0, len(s.fields))
	for _, f := range s.fields {
		out := Field{
			Name: f.name, Type: f.describe(), Doc: f.doc, Default: f.def, Min: f.min, Max: f.max,
			Enum: f.enum, Required: f.required, Ref: f.ref,
		}
		switch f.role {
		case roleComponent:
			out.Name = "<" + string(f.kind) + ">"
		case roleRest:
			out.Name = "<name>"
		}
		if leaf := f.shape.leaf(); leaf.form == formStruct {
			out.Fields = leaf.describeFields()
		}
		fields = append(fields, out)
	}
	return fields
}

// Limits says in words what values the field takes, or "".
func (f Field) Limits() string {
	var parts []string
	if f.Required {
		parts = append(parts, "required")
	}
	if f.Default != nil && *f.Default != "" {
		parts = append(parts, "default "+*f.Default)
	}
	if f.Min != nil || f.Max != nil {
		parts = append(parts, (&field{min: f.Min, max: f.Max}).bounds())
	}
	if f.Enum != nil {
		parts = append(parts, "one of "+strings.Join(f.Enum, ", "))
	}
	if f.Ref != "" {
		parts = append(parts, "names a "+strings.TrimSuffix(strings.Replace(f.Ref, "tasks", "task set", 1), " "))
	}
	return strings.Join(parts, "; ")
}

// WriteText prints the component for a terminal.
func (c Component) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n  %s\n", c.Name, c.Kind, c.Summary)
	if c.Detail != "" {
		fmt.Fprintf(&b, "  %s\n", c.Detail)
	}
	if source := c.source(); source != "" {
		fmt.Fprintf(&b, "  Paper: %s\n", source)
	}
	if len(c.Needs) > 0 {
		fmt.Fprintf(&b, "  Needs: %s\n", strings.Join(c.Needs, ", "))
	}
	writeFields(&b, c.Fields, "  ")
	if c.Example != "" {
		b.WriteString("  Example:\n")
		for line := range strings.Lines(strings.TrimSpace(c.Example)) {
			b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFields(b *strings.Builder, fields []Field, indent string) {
	width := 0
	for _, f := range fields {
		width = max(width, len(f.Name))
	}
	for _, f := range fields {
		fmt.Fprintf(b, "%s  %-*s  %s", indent, width, f.Name, f.Type)
		if l := f.Limits(); l != "" {
			fmt.Fprintf(b, " (%s)", l)
		}
		if f.Doc != "" {
			b.WriteString(": " + f.Doc)
		}
		b.WriteByte('\n')
		writeFields(b, f.Fields, indent+"    ")
	}
}

func (d Doc) source() string {
	if d.ID != "" && d.Paper != "" {
		return d.Paper + " (" + d.ID + ")"
	}
	return d.Paper + d.ID
}
