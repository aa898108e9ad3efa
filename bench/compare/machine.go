package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/cpu"

	"pawl/tensor"
)

// round keeps four digits: more would only be noise.
func round(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// restrict starts this program again with the instruction set bounded, since
// the kernels are chosen when the program starts.
func restrict(isa string) error {
	if isa == "native" || os.Getenv("PAWL_CPU") == isa {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("restricting to %s: %w", isa, err)
	}
	env := append(os.Environ(), "PAWL_CPU="+isa)
	return fmt.Errorf("restricting to %s: %w", isa, syscall.Exec(self, os.Args, env))
}

// peerEnvironment bounds the peer to the same instruction set. PyTorch, its
// BLAS and oneDNN each choose kernels for themselves. OpenBLAS takes those for
// AVX2 on processors that are newer than itself, and has to be told that there
// is AVX-512: it is twice as fast for it.
func peerEnvironment(isa string) []string {
	if isa == "avx2" {
		return []string{"ATEN_CPU_CAPABILITY=avx2", "OPENBLAS_CORETYPE=Haswell", "ONEDNN_MAX_CPU_ISA=AVX2"}
	}
	if x := &cpu.X86; x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
		return []string{"OPENBLAS_CORETYPE=SkylakeX"}
	}
	return nil
}

// describe names processor, vector extensions and what of them is in use.
func describe() map[string]any {
	m := map[string]any{
		"cpu": runtime.GOARCH, "cores": runtime.NumCPU(), "go": runtime.Version(),
		"os": runtime.GOOS, "isa": tensor.ISA(),
	}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m // not Linux: what Go knows must do
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		key, value, _ := strings.Cut(s.Text(), ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "model name":
			m["cpu"] = value
		case "flags", "Features":
			m["flags"] = vectorFlags(value)
			return m
		}
	}
	return m
}

func vectorFlags(all string) []string {
	var has []string
	for _, f := range strings.Fields(all) {
		if f == "fma" || f == "avx2" || f == "asimd" || strings.HasPrefix(f, "avx512") {
			has = append(has, f)
		}
	}
	slices.Sort(has)
	return has
}

func parseThreads(list string) ([]int, error) {
	var ns []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("reading -threads: %q is not a number of threads", s)
		}
		if n <= runtime.NumCPU() {
			ns = append(ns, n)
		}
	}
	if len(ns) == 0 {
		return nil, fmt.Errorf("reading -threads: this machine has %d cores only", runtime.NumCPU())
	}
	slices.Sort(ns)
	return ns, nil
}
