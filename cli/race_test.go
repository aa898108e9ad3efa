//go:build race

package cli

// raceDetector tells that everything is many times slower.
const raceDetector = true
