// Package core holds the words of Pawl as types: tasks, episodes, scores,
// examples, policies, and the small interfaces that components implement.
//
// It imports the standard library only, and every other package imports it.
// Data flows task, sampler, verifier, selector, optimizer, gate; the one
// back-edge is a promoted policy. Values of these types are data: nothing here
// starts goroutines, reads files or talks to models.
package core
