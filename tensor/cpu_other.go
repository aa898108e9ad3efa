//go:build !amd64

package tensor

func detectISA() isaLevel { return isaPortable }
