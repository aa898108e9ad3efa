package registry

import (
	"fmt"
	"reflect"

	"pawl/core"
)

// WithInt returns s with one whole-number setting at n, whatever the recipe
// says of it: for components that run over the values of a setting. The name is
// the recipe's. That s has no such setting, or that n is outside its bounds, is
// an error; s itself stays as it was.
func WithInt(s core.Spec, setting string, n int) (core.Spec, error) {
	rv := reflect.ValueOf(s.Config)
	if !rv.IsValid() || rv.Kind() != reflect.Struct {
		return s, fmt.Errorf("%s has no settings", s.Label())
	}
	of, err := shapeOf(rv.Type(), 0)
	if err != nil {
		return s, err
	}
	var names []string
	for _, f := range of.fields {
		if f.shape.form != formInt {
			continue
		}
		names = append(names, f.name)
		if f.name != setting {
			continue
		}
		if f.min != nil && float64(n) < *f.min || f.max != nil && float64(n) > *f.max {
			return s, fmt.Errorf("setting %s of %s to %d: it is not %s", setting, s.Label(), n, f.bounds())
		}
		changed := reflect.New(rv.Type()).Elem()
		changed.Set(rv)
		changed.FieldByIndex(f.index).SetInt(int64(n))
		s.Config = changed.Interface()
		return s, nil
	}
	msg := fmt.Sprintf("%s has no whole number named %q", s.Label(), setting)
	if h := hint(setting, names); h != "" {
		msg += "; " + h
	}
	return s, fmt.Errorf("%s", msg)
}
