package world

import (
	"fmt"
	"reflect"
	"strings"
)

// Options are what the configs of all worlds have in common.
type Options struct {
	Split   string
	Dialect string
	Level   int // difficulty, 1 to 5; 0 for the world's default
	Seed    uint64
	Steady  bool // returns without luck, where the world can tell it apart: the same mean, less noise
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
		return build(c)
	}
}
