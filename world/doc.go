// Package world holds synthetic worlds: small domains in which tasks can be
// made without end and every answer can be judged exactly.
//
// Each world has, in one file, a seeded generator (index to task, at a cost
// that does not depend on the index), its rules, an exact oracle and random
// demonstrations. Three worlds exist: chain (combine numbers step by step),
// addition (of two numbers of any length) and countdown (reach a target).
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
// target.
//
// # Dialects
//
// The compact dialect has no filler: every word (chain) or character
// (addition, countdown) is one token of a small model's vocabulary. The chat
// dialect asks in English, for models that know nothing of the world.
package world
