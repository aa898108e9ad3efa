//go:build !amd64 && !arm64

package tensor

func availableISAs() []isaLevel { return []isaLevel{isaPortable} }
