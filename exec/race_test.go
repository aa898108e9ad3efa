//go:build race

package exec_test

// raceEnabled: the race detector makes each child process start several times slower.
const raceEnabled = true
