package tensor

import "golang.org/x/sys/cpu"

// availableISAs asks the processor (CPUID) and the operating system (XGETBV), both
// behind x/sys/cpu: a set counts only if its registers are saved on a switch.
func availableISAs() []isaLevel {
	all, x := []isaLevel{isaPortable, isaAVX2, isaAVX512}, &cpu.X86
	if !x.HasAVX2 || !x.HasFMA {
		return all[:1]
	}
	if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
		return all
	}
	return all[:2]
}
