//go:build race

package sandbox_test

// raceDetector tells that this binary, which Starlark's child is as well, needs
// much more memory.
const raceDetector = true
