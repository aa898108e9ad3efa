package world

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Options are what the configs of all worlds have in common.
type Options struct {
	Split   string
	Dialect string
	Level   int // difficulty, 1 to 5; 0 for the world's default
	Seed    uint64
	Steady  bool // returns without luck, where the world can tell it apart: the same mean, less noise

	// Sizes are settings of the world's own, by name, that differ from what the
	// level makes of them: difficulties between two levels.
	Sizes map[string]int
}

// Open makes a registered world with all else at its defaults.
func Open(name string, o Options) (World, error) {
	rules.RLock()
	open := rules.open[name]
	rules.RUnlock()
	if open == nil {
		return nil, fmt.Errorf("opening world %q: there is none; there are %s", name, strings.Join(Names(), ", "))
	}
	w, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("opening world %s, level %d: %w", name, o.Level, err)
	}
	return w, nil
}

// opener makes worlds of config C; nil where C lacks one of the common fields.
func opener[C any, W World](build func(C) (W, error)) func(Options) (World, error) {
	t := reflect.TypeFor[C]()
	at := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		at[name] = i
	}
	for _, common := range []string{"split", "dialect", "level", "seed"} {
		if _, ok := at[common]; !ok {
			return nil
		}
	}
	return func(o Options) (World, error) {
		var c C
		v := reflect.ValueOf(&c).Elem()
		v.Field(at["split"]).SetString(o.Split)
		v.Field(at["dialect"]).SetString(o.Dialect)
		v.Field(at["level"]).SetInt(int64(o.Level))
		v.Field(at["seed"]).SetUint(o.Seed)
		if i, ok := at["luck"]; ok && o.Steady {
			v.Field(i).SetString("removed")
		}
		for _, name := range slices.Sorted(maps.Keys(o.Sizes)) {
			i, ok := at[name]
			if !ok || name == "level" || name == "n" || v.Field(i).Kind() != reflect.Int {
				return nil, fmt.Errorf("it has no size named %q; there are %s", name, strings.Join(sizes(t), ", "))
			}
			v.Field(i).SetInt(int64(o.Sizes[name]))
		}
		return build(c)
	}
}

// sizes are the names of what makes tasks of a config larger or smaller.
func sizes(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if t.Field(i).Type.Kind() == reflect.Int && name != "level" && name != "n" {
			out = append(out, name)
		}
	}
	return out
}
