package registry

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"pawl/core"
)

// Component decodes v as a component of a kind. It is written as a bare name,
// or as a map of one key, the name, to its settings. The key `as` among the
// settings renames it. After a problem the Spec holds what could be read.
func (d *Decoder) Component(kind core.Kind, v Value, path string) core.Spec {
	if v.Line > 0 {
		defer func(w Value) { d.where = w }(d.where)
		d.where = v
	}
	spec := core.Spec{Kind: kind}
	name, nameAt, config, ok := d.split(kind, v, path)
	if !ok {
		return spec
	}
	p := d.pos(nameAt, path)
	spec.Name, spec.As = name, name
	spec.Where = p.String()
	e := d.registry.entry(kind, name)
	if e == nil {
		d.Add(nameAt, path, fmt.Sprintf("no %s named %q", noun(kind), name), d.hintFor(kind, name))
		return spec
	}
	path = join(path, name)
	if as, ok := config.Get("as"); ok {
		if as.Form == Text && ValidName(as.Text) {
			spec.As = as.Text
		} else {
			d.Add(as, join(path, "as"), fmt.Sprintf("%s is not a name", as.quoted()), "use lower-case letters, digits, dashes and underscores")
		}
		config = config.Without("as")
	}
	before := len(d.Problems)
	rv := reflect.New(e.shape.typ).Elem()
	if config.Line == 0 {
		config.Line, config.Col = nameAt.Line, nameAt.Col
	}
	d.structure(e.shape, rv, config, path)
	if len(d.Problems) == before {
		d.validate(rv, nameAt, path)
	}
	spec.Config = rv.Interface()
	return spec
}

// split takes the name and the settings out of a component's value.
func (d *Decoder) split(kind core.Kind, v Value, path string) (name string, at, config Value, ok bool) {
	switch {
	case v.Form == Text:
		return v.Text, v, Value{}, true
	case v.Form == Map && len(v.Fields) == 1:
		m := v.Fields[0]
		return m.Key, Value{Form: Text, Text: m.Key, Line: m.Line, Col: m.Col}, m.Value, true
	case v.Form == Map && len(v.Fields) > 1:
		keys := make([]string, len(v.Fields))
		for i, m := range v.Fields {
			keys[i] = m.Key
		}
		h := "name only one"
		if e := d.registry.entry(kind, keys[0]); e != nil && e.shape.field(keys[1]) != nil {
			h = fmt.Sprintf("settings go below the name: {%s: {%s: ...}}", keys[0], keys[1])
		}
		d.Add(v, path, fmt.Sprintf("wants one %s, but there are %d keys: %s", noun(kind), len(keys), strings.Join(keys[:min(4, len(keys))], ", ")), h)
		return "", v, Value{}, false
	}
	d.Add(v, path, fmt.Sprintf("wants the name of %s, not %s", article(noun(kind)), v.brief()), "")
	return "", v, Value{}, false
}

// hintFor names the nearest component, or says that the name is of another kind.
func (d *Decoder) hintFor(kind core.Kind, name string) string {
	names := d.registry.names(kind)
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	for _, k := range kinds {
		if k != kind && d.registry.entry(k, name) != nil {
			return fmt.Sprintf("it names %s; here goes %s", article(noun(k)), article(noun(kind)))
		}
	}
	if h := hint(name, names); h != "" || len(names) == 0 {
		return h
	}
	return fmt.Sprintf("pawl components %s lists them", kind)
}

func (d *Decoder) validate(rv reflect.Value, at Value, path string) {
	c, ok := rv.Interface().(interface{ Validate() error })
	if !ok {
		return
	}
	if err := c.Validate(); err != nil {
		d.Add(at, path, err.Error(), "")
	}
}

// Nested lists the components directly inside the config of s, in the order
// of the fields.
func Nested(s core.Spec) []core.Spec {
	if s.Config == nil {
		return nil
	}
	var found []core.Spec
	collectSpecs(reflect.ValueOf(s.Config), &found)
	return found
}

func collectSpecs(v reflect.Value, found *[]core.Spec) {
	if v.Type() == specType {
		if s := v.Interface().(core.Spec); s.Name != "" {
			*found = append(*found, s)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectSpecs(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			collectSpecs(v.Index(i), found)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			collectSpecs(v.Elem(), found)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			collectSpecs(v.MapIndex(k), found)
		}
	}
}

// Needs lists what s and the components inside it need, sorted, each once:
// what their documentation says, and what a config with a method
// Needs() []string adds because of its settings.
func (r *Registry) Needs(s core.Spec) []string {
	var needs []string
	if e := r.entry(s.Kind, s.Name); e != nil {
		needs = append(needs, e.doc.Needs...)
	}
	if c, ok := s.Config.(interface{ Needs() []string }); ok {
		needs = append(needs, c.Needs()...)
	}
	for _, n := range Nested(s) {
		needs = append(needs, r.Needs(n)...)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// files lists the files that s and the components inside it read when they are
// built and that determine what they do: those that a config with a method
// Files() []string names.
func files(s core.Spec) []string {
	var paths []string
	if c, ok := s.Config.(interface{ Files() []string }); ok {
		paths = append(paths, c.Files()...)
	}
	for _, n := range Nested(s) {
		paths = append(paths, files(n)...)
	}
	return paths
}

// FilesDigest names the contents of the files that determine what s does, for
// keys; "" where it reads none. A file that cannot be read counts as such:
// building the component will say so.
func FilesDigest(s core.Spec) core.Digest {
	paths := files(s)
	if len(paths) == 0 {
		return ""
	}
	h := core.NewHasher("files")
	for _, path := range paths {
		content, err := os.ReadFile(path)
		h.Bytes(content)
		if err != nil {
			h.String("unreadable")
		}
	}
	return h.Key()
}

// Merge lays the settings of over on those of base, for variants that name
// only what differs. Where both name the same component, a setting that over
// leaves out is base's; another component replaces base whole, as does any
// value that is neither a component nor a nested struct.
func (r *Registry) Merge(kind core.Kind, base, over Value) Value {
	name, _, config, ok := (&Decoder{registry: r}).split(kind, over, "")
	baseName, _, baseConfig, baseOK := (&Decoder{registry: r}).split(kind, base, "")
	e := r.entry(kind, name)
	if !ok || !baseOK || name != baseName || e == nil {
		return over
	}
	merged := r.mergeStruct(e.shape, baseConfig, config)
	at := over
	if over.Form == Map {
		at.Line, at.Col = over.Fields[0].Line, over.Fields[0].Col
	}
	return Value{Form: Map, Line: over.Line, Col: over.Col, Fields: []Member{{Key: name, Line: at.Line, Col: at.Col, Value: merged}}}
}

func (r *Registry) mergeStruct(s *shape, base, over Value) Value {
	if over.Form == Null {
		return base
	}
	if base.Form != Map || over.Form != Map {
		return over
	}
	merged := base
	merged.Line, merged.Col = over.Line, over.Col
	for _, m := range over.Fields {
		w := m.Value
		if f := s.field(m.Key); f != nil {
			if old, ok := base.Get(m.Key); ok && f.shape.component() {
				w = r.Merge(f.kind, old, w)
			} else if ok && f.shape.form == formStruct {
				w = r.mergeStruct(f.shape, old, w)
			}
		}
		merged = merged.With(m.Key, w)
	}
	return merged
}
