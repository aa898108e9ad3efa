package registry

import (
	"encoding/json"
	"fmt"
	"reflect"

	"pawl/core"
)

type object = map[string]any

// Schema is the JSON Schema (draft 2020-12) of documents that decode into the
// tagged struct root, with every component of every kind under $defs.
func (r *Registry) Schema(root any, title string) map[string]any {
	s, err := shapeOf(reflect.TypeOf(root), 0)
	if err != nil {
		panic("registry: " + err.Error())
	}
	schema := r.shapeSchema(s, nil)
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = title
	defs := object{}
	for _, kind := range kinds {
		r.kindSchema(kind, defs)
	}
	schema["$defs"] = defs
	return schema
}

// kindSchema defines the kind (a bare name, or one name with settings) and
// the settings of each component of the kind.
func (r *Registry) kindSchema(kind core.Kind, defs object) {
	bare, properties := []any{}, object{}
	for _, name := range r.names(kind) {
		e := r.entry(kind, name)
		settings := r.shapeSchema(e.shape, nil)
		settings["description"] = e.doc.Summary
		// A key without value means all defaults.
		settings["type"] = []any{"object", "null"}
		properties := settings["properties"].(object)
		properties["as"] = object{"type": "string", "description": "Its name within the recipe.", "pattern": "^[a-z][a-z0-9_-]*$"}
		if f := e.shape.inlineField(); f != nil {
			settings = object{"anyOf": []any{r.fieldSchema(f), settings}}
		}
		defs[string(kind)+"."+name] = settings
		bare = append(bare, name)
	}
	for _, name := range r.names(kind) {
		properties[name] = object{"$ref": ref(string(kind) + "." + name)}
	}
	if len(bare) == 0 {
		defs[string(kind)] = object{"not": object{}, "description": "No component of this kind exists."}
		return
	}
	defs[string(kind)] = object{"anyOf": []any{
		object{"enum": bare},
		object{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1},
	}}
}

func ref(def string) string { return "#/$defs/" + def }

func (s *shape) inlineField() *field {
	for _, f := range s.fields {
		if f.inline {
			return f
		}
	}
	return nil
}

func (r *Registry) fieldSchema(f *field) object {
	schema := r.shapeSchema(f.shape, f)
	if f.doc != "" {
		schema["description"] = f.doc
	}
	if f.def != nil && f.shape.form != formComponent && f.shape.form != formList {
		schema["default"] = anyJSON(Scalar(*f.def).scalarJSON())
	}
	low, high := "minimum", "maximum"
	if f.shape.form == formList {
		low, high = "minItems", "maxItems"
	}
	if f.min != nil && f.shape.leaf().form != formDuration {
		schema[low] = *f.min
	}
	if f.max != nil && f.shape.leaf().form != formDuration {
		schema[high] = *f.max
	}
	return schema
}

func (r *Registry) shapeSchema(s *shape, f *field) object {
	switch s.form {
	case formString:
		if f != nil && f.enum != nil {
			return object{"enum": f.enum}
		}
		return object{"type": []any{"string", "number", "boolean"}}
	case formBool:
		return object{"type": "boolean"}
	case formInt, formUint:
		// The string form is 50_000_000, which other YAML readers see as text.
		schema := object{"type": []any{"integer", "string"}, "pattern": "^[0-9][0-9_]*$"}
		if s.form == formUint {
			schema["minimum"] = 0
		}
		return schema
	case formFloat:
		return object{"type": "number"}
	case formDuration:
		return object{"type": "string"}
	case formPointer:
		return r.shapeSchema(s.elem, f)
	case formList:
		return object{"type": "array", "items": r.shapeSchema(s.elem, f)}
	case formMap, formOrdered:
		return object{"type": "object", "additionalProperties": r.shapeSchema(s.elem, f)}
	case formComponent:
		return object{"$ref": ref(string(f.kind))}
	case formStruct:
		schema := r.structSchema(s)
		if bare := s.inlineField(); bare != nil && f != nil { // within settings; components see to it themselves
			return object{"anyOf": []any{r.fieldSchema(bare), schema}}
		}
		return schema
	}
	return object{}
}

func (r *Registry) structSchema(s *shape) object {
	properties, required := object{}, []any{}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	for _, f := range s.fields {
		switch f.role {
		case rolePlain:
			field := r.fieldSchema(f)
			properties[f.name] = object{"anyOf": []any{field, object{"type": "null"}}}
			if f.required {
				properties[f.name] = field
				required = append(required, f.name)
			}
		case roleComponent:
			for _, name := range r.names(f.kind) {
				properties[name] = object{"$ref": ref(string(f.kind) + "." + name)}
			}
		case roleRest:
			schema["additionalProperties"] = r.shapeSchema(f.shape.elem, f)
		}
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	for _, f := range s.fields {
		if f.role == roleComponent {
			// A bare name and an empty value stand for the whole map.
			return object{"anyOf": []any{schema, object{"type": "null"}, object{"enum": anyList(r.names(f.kind))}}}
		}
	}
	return schema
}

func anyList(names []string) []any {
	list := []any{}
	for _, n := range names {
		list = append(list, n)
	}
	return list
}

func anyJSON(raw []byte) any {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(fmt.Sprintf("registry: %s is no JSON: %v", raw, err))
	}
	return v
}
