// Package coretest helps to test components: a scripted actor, a fake host, a
// fake clock, a task list, and for every kind of component a conformance suite
// that a component passes with one line:
//
//	func TestGreedy(t *testing.T) { coretest.Sampler(t, newGreedy) }
//
// The suites check what every component of a kind promises: the same input
// gives the same output, inputs are left alone, cancelled contexts are obeyed,
// and bad input is an error, not a crash.
package coretest
