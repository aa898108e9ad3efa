package tensor

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

//go:generate go run ./internal/neongen

// isaLevel is an instruction set. Those of one architecture are in the order of
// what they can do.
type isaLevel uint8

const (
	isaPortable isaLevel = iota
	isaNEON              // arm64, all of which has it
	isaAVX2              // AVX2 and FMA
	isaAVX512            // AVX-512 F, VL, BW and DQ; AVX2 kernels run too
)

func (l isaLevel) String() string { return [...]string{"portable", "neon", "avx2", "avx512"}[l] }

// isa is the instruction set in force. Wrappers read it at each call, so that a
// test can run every set of this machine in one process; nothing else writes it
// after start.
var isa = chooseISA(os.Getenv("PAWL_CPU"), availableISAs())

// hasVector tells wrappers that there is assembly to use, hasAVX512 what kind.
func hasVector() bool { return isa != isaPortable }
func hasAVX512() bool { return isa == isaAVX512 }

// ISA names the instruction set in force: "portable", "neon", "avx2" or
// "avx512".
func ISA() string { return isa.String() }

// chooseISA is the best of those available, portable to best, or the one that
// forced names. It panics on a name that is none of them: silently running other
// kernels than the ones asked for would make a measurement lie.
func chooseISA(forced string, available []isaLevel) isaLevel {
	if forced == "" {
		return available[len(available)-1]
	}
	var names []string
	for _, l := range available {
		names = append(names, l.String())
	}
	if i := slices.Index(names, forced); i >= 0 {
		return available[i]
	}
	panic(fmt.Sprintf("tensor: PAWL_CPU=%s, but this machine has %s", forced, strings.Join(names, ", ")))
}
