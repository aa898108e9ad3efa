// Package registry maps the names that recipes use to the components behind
// them. A component registers a constructor and a config struct; the tags of
// that struct are the one specification from which decoding, defaults,
// validation, documentation and the JSON Schema all come.
//
// The package knows no YAML: it decodes a Value, a tree of scalars, lists and
// maps in which every part knows its line and column. Decoding never stops at
// the first mistake: it collects Problems.
//
// Tags of a config field:
//
//	yaml:"at_least"    the key; ",component" and ",rest" take the keys left over
//	yaml:"x,omitzero"  not in the canonical form where zero: a setting added
//	                   later does not rename the runs of recipes without it
//	doc:"..."          one sentence; every field has one
//	default:"0.5"      value where the key is absent; lists are comma-separated
//	min:"0" max:"1"    bounds of a number, inclusive; of a list, its length
//	enum:"a|b"         the only values allowed
//	required:"true"    the key must be present
//	ref:"verifier"     the value names a verifier, seat, policy, task set or prompt of the recipe
//	allow:"random"     values of a ref that need not exist
//	kind:"selector"    for core.Spec and []core.Spec: the kind of component
//	inline:"true"      the field that a bare value sets: greedy: 0.7
//
// A config struct with a method Validate() error is asked last, when every
// field by itself is right. One with Files() []string names the files whose
// contents determine what the component does, one with Needs() []string what
// its settings make it need beyond its Doc.
package registry
