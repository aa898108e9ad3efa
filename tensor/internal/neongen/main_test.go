package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The files in package tensor are the ones these descriptions give.
func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, want := range generate() {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.out.Bytes()) {
			t.Errorf("%s is stale: run go generate in tensor", name)
		}
	}
}

// A disassembler reads every word as the instruction that stands beside it.
func TestWords(t *testing.T) {
	const objdump = "aarch64-linux-gnu-objdump"
	if _, err := exec.LookPath(objdump); err != nil {
		t.Skipf("%s is not here: scripts/setup installs it", objdump)
	}
	want := map[uint32]string{}
	for _, a := range generate() {
		for _, w := range a.words {
			if old, ok := want[w.code]; ok && old != w.text {
				t.Errorf("%#08x stands for %q and %q", w.code, old, w.text)
			}
			want[w.code] = w.text
		}
	}
	var codes []uint32
	var binaries []byte
	for code := range want {
		codes = append(codes, code)
		binaries = binary.LittleEndian.AppendUint32(binaries, code)
	}
	file := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(file, binaries, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "aarch64", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	// Lines read "   4:	4e20d400 	fadd	v0.4s, v0.4s, v0.4s".
	var got []string
	for line := range strings.Lines(string(out)) {
		if part := strings.SplitN(strings.TrimSpace(line), "\t", 3); len(part) == 3 && strings.HasSuffix(part[0], ":") {
			got = append(got, strings.Join(strings.Fields(part[2]), " "))
		}
	}
	if len(got) != len(codes) || len(codes) == 0 {
		t.Fatalf("%d instructions read of %d words", len(got), len(codes))
	}
	for i, code := range codes {
		if got[i] != want[code] {
			t.Errorf("%#08x is %q, want %q", code, got[i], want[code])
		}
	}
}
