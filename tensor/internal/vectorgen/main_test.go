package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The files in package tensor are the ones these descriptions give.
func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, want := range generate() {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate in tensor", name)
		}
	}
}
