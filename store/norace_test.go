//go:build !race

package store_test

const killStride = 1
