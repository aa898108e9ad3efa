package tensor

import (
	"fmt"
	"os"
)

// isaLevel orders the instruction sets by what they can do.
type isaLevel uint8

const (
	isaPortable isaLevel = iota
	isaAVX2              // AVX2 and FMA
	isaAVX512            // AVX-512 F, VL, BW and DQ; AVX2 kernels run too
)

func (l isaLevel) String() string { return [...]string{"portable", "avx2", "avx512"}[l] }

// isa is the instruction set in force. Wrappers read it at each call, so that a
// test can run every set of this machine in one process; nothing else writes it
// after start.
var isa = chooseISA(os.Getenv("PAWL_CPU"), detectISA())

// hasAVX2 and hasAVX512 tell wrappers what they may use now.
func hasAVX2() bool   { return isa >= isaAVX2 }
func hasAVX512() bool { return isa >= isaAVX512 }

// ISA names the instruction set in force: "portable", "avx2" or "avx512".
func ISA() string { return isa.String() }

// chooseISA is best, or the one that forced names. It panics on a name that is
// unknown or more than the machine has: silently running other kernels than the
// ones asked for would make a measurement lie.
func chooseISA(forced string, best isaLevel) isaLevel {
	if forced == "" {
		return best
	}
	for l := isaPortable; l <= isaAVX512; l++ {
		if l.String() != forced {
			continue
		}
		if l > best {
			panic(fmt.Sprintf("tensor: PAWL_CPU=%s, but this machine has %s at most", forced, best))
		}
		return l
	}
	panic(fmt.Sprintf("tensor: PAWL_CPU=%s is unknown; use portable, avx2 or avx512", forced))
}
