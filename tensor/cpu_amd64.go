package tensor

import "golang.org/x/sys/cpu"

// detectISA asks the processor (CPUID) and the operating system (XGETBV), both
// behind x/sys/cpu: a set counts only if its registers are saved on a switch.
func detectISA() isaLevel {
	x := &cpu.X86
	if !x.HasAVX2 || !x.HasFMA {
		return isaPortable
	}
	if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
		return isaAVX512
	}
	return isaAVX2
}
