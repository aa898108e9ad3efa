package worldtest

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// Registered makes a world as recipes do: by its name and the settings that all
// worlds have.
func Registered(name string) World {
	return World{Name: name, New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
		settings := registry.Object()
		set := func(key, value string) {
			if value != "" {
				settings = settings.With(key, registry.Scalar(value))
			}
		}
		set("split", split)
		set("dialect", dialect)
		set("seed", fmt.Sprint(seed))
		set("n", fmt.Sprint(n))
		if level > 0 {
			set("level", fmt.Sprint(level))
		}
		spec, problems := registry.Default.Decode(core.KindTasks, registry.Object(registry.Member{Key: name, Value: settings}), name)
		if len(problems) > 0 {
			return nil, registry.Problems(problems)
		}
		source, err := registry.Make[*world.Source](context.Background(), registry.Default, nil, spec)
		if err != nil {
			return nil, err
		}
		return source, nil
	}}
}
