package main

import (
	"bytes"
	"os"
	"testing"
)

func TestGeneratedFileIsFresh(t *testing.T) {
	got, err := os.ReadFile("../../gemm_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, generate()) {
		t.Error("gemm_amd64.s is stale: run go generate in tensor")
	}
}
