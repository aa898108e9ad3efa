// Package world is the kit of synthetic worlds: small domains in which tasks
// can be made without end and every answer can be judged exactly.
//
// Each world is a package below this one: a seeded generator (index to task, at
// a cost that does not depend on the index), an exact oracle, demonstrations,
// and what else its Rules know. It registers itself with Register, as the task
// source of its name; docs/worlds.md lists them. The conformance suite of
// worldtest holds them to what this page says.
//
// # Splits
//
// The instances of a world are numbered; a bijection with a fixed key puts the
// numbers in a random order, and a split is a fixed share of that order:
// labelled 25%, train 40%, search 5%, gate 15%, audit 15%. The key does not
// depend on the seed, so two sets of different splits never share an instance,
// whatever their seeds; the seed only orders the tasks within a split and draws
// the demonstrations. No instance repeats within a set.
//
// What counts as one instance is the world's canonical form: for chain the
// ordered tuple of numbers (or, with by: multiset, the sorted one), for
// addition the unordered pair, for countdown the sorted numbers whatever the
// target. Spaces too large to number are split by a projection of theirs.
//
// # Dialects
//
// The compact dialect has no filler: every character (in chain every word) is
// one token of a small model's vocabulary. The chat dialect asks in English,
// for models that know nothing of the world.
package world
