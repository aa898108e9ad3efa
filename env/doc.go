// Package env holds the actors that are not models: worlds that are played.
// Each is in the file of its name. What an environment says is a function of
// the path and of the task's hidden side, never of what it said before: a play
// may branch, stop and go on anywhere.
package env
