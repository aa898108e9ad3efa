package registry

import (
	"encoding/json"
	"reflect"
	"time"

	"pawl/core"
)

// Plain turns a core.Spec or a tagged struct into maps, lists and scalars that
// encoding/json writes in one way only: keys are the recipe's, defaults are
// spelt out, positions are left out. Two configs that act alike are equal in
// this form, however they were written.
func Plain(v any) any {
	rv := reflect.ValueOf(v)
	s, err := shapeOf(rv.Type(), 0)
	if err != nil {
		panic("registry: " + err.Error())
	}
	return plain(s, rv)
}

// Canonical is Plain as bytes, for keys: it depends on what a component is and
// not on where or how it was written.
func Canonical(v any) []byte {
	b, err := json.Marshal(Plain(v))
	if err != nil {
		panic("registry: " + err.Error()) // plain values encode, NaN excepted, which no recipe can express
	}
	return b
}

func plain(s *shape, rv reflect.Value) any {
	switch s.form {
	case formPointer:
		if rv.IsNil() {
			return nil
		}
		return plain(s.elem, rv.Elem())
	case formComponent:
		spec := rv.Interface().(core.Spec)
		if spec.Name == "" {
			return nil
		}
		m := map[string]any{"name": spec.Name}
		if spec.Label() != spec.Name {
			m["as"] = spec.Label()
		}
		if spec.Config != nil {
			m["config"] = Plain(spec.Config)
		}
		return m
	case formDuration:
		return rv.Interface().(time.Duration).String()
	case formRaw:
		var v any
		if json.Unmarshal(rv.Bytes(), &v) != nil {
			return nil
		}
		return v
	case formList:
		list := make([]any, rv.Len())
		for i := range list {
			list[i] = plain(s.elem, rv.Index(i))
		}
		return list
	case formMap:
		m := map[string]any{}
		for _, k := range rv.MapKeys() {
			m[k.String()] = plain(s.elem, rv.MapIndex(k))
		}
		return m
	case formOrdered:
		m := map[string]any{}
		for i := range rv.Len() {
			m[rv.Index(i).Field(0).String()] = plain(s.elem, rv.Index(i).Field(2))
		}
		return m
	case formStruct:
		m := map[string]any{}
		for _, f := range s.fields {
			if f.omitZero && empty(rv.FieldByIndex(f.index)) {
				continue
			}
			name := f.name
			switch f.role {
			case roleComponent:
				name = string(f.kind)
			case roleRest:
				name = "rest"
			}
			if p := plain(f.shape, rv.FieldByIndex(f.index)); p != nil {
				m[name] = p
			}
		}
		return m
	}
	return rv.Interface()
}

// empty tells whether v is what its field has where nothing sets it.
func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Map || v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}
