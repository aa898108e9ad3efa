//go:build race

package store_test

// The race detector makes each child process start several times slower.
const killStride = 4
