#include "textflag.h"

// Names of softmaxTable, as offsets from R15.
#define NEGINF 0(R15)
#define LIMIT 32(R15)
#define LOG2E 64(R15)
#define MAGIC 96(R15)
#define LN2HI 128(R15)
#define LN2LO 160(R15)
#define C7 192(R15)
#define C6 224(R15)
#define C5 256(R15)
#define C4 288(R15)
#define C3 320(R15)
#define C2 352(R15)
#define ONE 384(R15)

// Registers of all kernels: DI the row, SI the row of p, R8 the stride, BX rows
// left, CX the valid values of the row; R9 the offset of its last vector, DX the
// offset within the row.

// LASTVECTOR sets R9 and, in CX's copy AX, the valid values of the last vector.
#define LASTVECTOR \
	LEAQ -1(CX), R9; \
	ANDQ $-16, R9; \
	MOVQ CX, AX; \
	SUBQ R9, AX; \
	SHLQ $2, R9

// SUM8 adds the eight lanes of Y0 in halves, Y1 its scratch, into X0.
#define SUM8 \
	VEXTRACTF128 $1, Y0, X1; \
	VADDPS X1, X0, X0; \
	VMOVHLPS X0, X0, X1; \
	VADDPS X1, X0, X0; \
	VMOVSHDUP X0, X1; \
	VADDSS X1, X0, X0

// MAX8 is SUM8 for the largest.
#define MAX8 \
	VEXTRACTF128 $1, Y0, X1; \
	VMAXPS X1, X0, X0; \
	VMOVHLPS X0, X0, X1; \
	VMAXPS X1, X0, X0; \
	VMOVSHDUP X0, X1; \
	VMAXSS X1, X0, X0

// EXP16 sets Z3 to the exponential of Z0 - Z16, never positive; Z1, Z2 and Z4
// are scratch. The comparison is true for NaN, which so survives.
#define EXP16 \
	VSUBPS Z16, Z0, Z0; \
	VMOVAPS Z27, Z1; \
	VFMADD231PS Z28, Z0, Z1; \
	VSUBPS Z27, Z1, Z2; \
	VCMPPS $0x15, Z29, Z0, K2; \
	VFNMADD231PS Z26, Z2, Z0; \
	VFNMADD231PS Z25, Z2, Z0; \
	VPSLLD $23, Z1, Z1; \
	VMOVAPS Z24, Z3; \
	VFMADD213PS Z23, Z0, Z3; \
	VFMADD213PS Z22, Z0, Z3; \
	VFMADD213PS Z21, Z0, Z3; \
	VFMADD213PS Z20, Z0, Z3; \
	VFMADD213PS Z19, Z0, Z3; \
	VMULPS Z0, Z0, Z4; \
	VFMADD213PS Z0, Z4, Z3; \
	VADDPS Z18, Z3, Z3; \
	VMULPS.Z Z1, Z3, K2, Z3

// func softmaxAVX512(p *float32, stride, rows, valid, grow int, scale float32)
//
// Z0 and Z1 work, Z16 is the largest score, Z17 the sum by lanes.
TEXT ·softmaxAVX512(SB), NOSPLIT, $0-44
	MOVQ p+0(FP), DI
	MOVQ stride+8(FP), R8
	MOVQ rows+16(FP), BX
	MOVQ valid+24(FP), CX
	MOVQ grow+32(FP), R11
	VBROADCASTSS scale+40(FP), Z31
	LEAQ ·softmaxTable(SB), R15
	VBROADCASTSS NEGINF, Z30
	VBROADCASTSS LIMIT, Z29
	VBROADCASTSS LOG2E, Z28
	VBROADCASTSS MAGIC, Z27
	VBROADCASTSS LN2HI, Z26
	VBROADCASTSS LN2LO, Z25
	VBROADCASTSS C7, Z24
	VBROADCASTSS C6, Z23
	VBROADCASTSS C5, Z22
	VBROADCASTSS C4, Z21
	VBROADCASTSS C3, Z20
	VBROADCASTSS C2, Z19
	VBROADCASTSS ONE, Z18

row:
	LASTVECTOR
	MOVL $-1, R10
	BZHIL AX, R10, R10
	KMOVW R10, K1

	// Scale, blot out what lies beyond the diagonal, find the largest.
	VMOVUPS (DI)(R9*1), Z0
	VMULPS Z31, Z0, Z0
	VMOVAPS Z30, Z1
	VMOVAPS Z0, K1, Z1
	TESTQ R9, R9
	JZ single
	VMOVUPS Z1, (DI)(R9*1)
	VMOVAPS Z1, Z16
	XORQ DX, DX

scores:
	VMULPS (DI)(DX*1), Z31, Z0
	VMOVUPS Z0, (DI)(DX*1)
	VMAXPS Z0, Z16, Z16
	ADDQ $64, DX
	CMPQ DX, R9
	JLT scores

	VEXTRACTF64X4 $1, Z16, Y0
	VMAXPS Y16, Y0, Y0
	MAX8
	VBROADCASTSS X0, Z16
	VPXORD Z17, Z17, Z17
	XORQ DX, DX

weights:
	VMOVUPS (DI)(DX*1), Z0
	EXP16
	VADDPS Z3, Z17, Z17
	VMOVUPS Z3, (DI)(DX*1)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE weights

	VEXTRACTF64X4 $1, Z17, Y1
	VADDPS Y1, Y17, Y0
	SUM8
	VDIVSS X0, X18, X0
	VBROADCASTSS X0, Z0
	XORQ DX, DX

normalise:
	VMULPS (DI)(DX*1), Z0, Z1
	VMOVUPS Z1, (DI)(DX*1)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE normalise

following:
	ADDQ R8, DI
	ADDQ R11, CX
	DECQ BX
	JNZ row
	VZEROUPPER
	RET

single: // all of the row in one vector: the same, without memory between
	VMOVAPS Z1, Z5
	VEXTRACTF64X4 $1, Z1, Y0
	VMAXPS Y1, Y0, Y0
	MAX8
	VBROADCASTSS X0, Z16
	VMOVAPS Z5, Z0
	EXP16
	VEXTRACTF64X4 $1, Z3, Y1
	VADDPS Y1, Y3, Y0
	SUM8
	VDIVSS X0, X18, X0
	VBROADCASTSS X0, Z0
	VMULPS Z3, Z0, Z1
	VMOVUPS Z1, (DI)
	JMP following

// WEIGHTS8 does half a vector of 16, as EXP16 does a whole one, and adds to sum.
#define WEIGHTS8(off, sum) \
	VMOVUPS off(DI)(DX*1), Y0; \
	VSUBPS Y8, Y0, Y0; \
	VMOVAPS Y12, Y1; \
	VFMADD231PS Y11, Y0, Y1; \
	VSUBPS Y12, Y1, Y2; \
	VCMPPS $0x15, Y13, Y0, Y5; \
	VFNMADD231PS Y10, Y2, Y0; \
	VFNMADD231PS Y9, Y2, Y0; \
	VPSLLD $23, Y1, Y1; \
	VMOVUPS C7, Y3; \
	VFMADD213PS C6, Y0, Y3; \
	VFMADD213PS C5, Y0, Y3; \
	VFMADD213PS C4, Y0, Y3; \
	VFMADD213PS C3, Y0, Y3; \
	VFMADD213PS C2, Y0, Y3; \
	VMULPS Y0, Y0, Y4; \
	VFMADD213PS Y0, Y4, Y3; \
	VADDPS ONE, Y3, Y3; \
	VMULPS Y1, Y3, Y3; \
	VANDPS Y5, Y3, Y3; \
	VADDPS Y3, sum, sum; \
	VMOVUPS Y3, off(DI)(DX*1)

// func softmaxAVX2(p *float32, stride, rows, valid, grow int, scale float32)
//
// The two halves of a vector of 16 side by side: Y0-Y5 work, Y6 and Y7 are the
// sums by lanes, Y8 the largest score.
TEXT ·softmaxAVX2(SB), NOSPLIT, $0-44
	MOVQ p+0(FP), DI
	MOVQ stride+8(FP), R8
	MOVQ rows+16(FP), BX
	MOVQ valid+24(FP), CX
	MOVQ grow+32(FP), R11
	VBROADCASTSS scale+40(FP), Y15
	LEAQ ·softmaxTable(SB), R15
	VMOVUPS NEGINF, Y14
	VMOVUPS LIMIT, Y13
	VMOVUPS MAGIC, Y12
	VMOVUPS LOG2E, Y11
	VMOVUPS LN2HI, Y10
	VMOVUPS LN2LO, Y9

row:
	LASTVECTOR
	LEAQ ·tailMasks+64(SB), R10
	SHLQ $2, AX
	SUBQ AX, R10

	VMULPS (DI)(R9*1), Y15, Y0
	VMULPS 32(DI)(R9*1), Y15, Y1
	VMOVUPS (R10), Y2
	VMOVUPS 32(R10), Y3
	VBLENDVPS Y2, Y0, Y14, Y0
	VBLENDVPS Y3, Y1, Y14, Y1
	VMOVUPS Y0, (DI)(R9*1)
	VMOVUPS Y1, 32(DI)(R9*1)
	VMAXPS Y1, Y0, Y8
	XORQ DX, DX
	CMPQ DX, R9
	JGE top

scores:
	VMULPS (DI)(DX*1), Y15, Y0
	VMULPS 32(DI)(DX*1), Y15, Y1
	VMOVUPS Y0, (DI)(DX*1)
	VMOVUPS Y1, 32(DI)(DX*1)
	VMAXPS Y0, Y8, Y8
	VMAXPS Y1, Y8, Y8
	ADDQ $64, DX
	CMPQ DX, R9
	JLT scores

top:
	VMOVAPS Y8, Y0
	MAX8
	VBROADCASTSS X0, Y8
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	XORQ DX, DX

weights:
	WEIGHTS8(0, Y6)
	WEIGHTS8(32, Y7)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE weights

	VADDPS Y7, Y6, Y0
	SUM8
	VMOVSS ONE, X1
	VDIVSS X0, X1, X0
	VBROADCASTSS X0, Y0
	XORQ DX, DX

normalise:
	VMULPS (DI)(DX*1), Y0, Y1
	VMULPS 32(DI)(DX*1), Y0, Y2
	VMOVUPS Y1, (DI)(DX*1)
	VMOVUPS Y2, 32(DI)(DX*1)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE normalise

	ADDQ R8, DI
	ADDQ R11, CX
	DECQ BX
	JNZ row
	VZEROUPPER
	RET

// func softmaxBackwardAVX512(d, p *float32, stride, rows, valid int, scale float32)
TEXT ·softmaxBackwardAVX512(SB), NOSPLIT, $0-44
	MOVQ d+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ rows+24(FP), BX
	MOVQ valid+32(FP), CX
	VBROADCASTSS scale+40(FP), Z31

row:
	LASTVECTOR
	VPXORD Z0, Z0, Z0
	XORQ DX, DX

dot:
	VMOVUPS (DI)(DX*1), Z2
	VFMADD231PS (SI)(DX*1), Z2, Z0
	ADDQ $64, DX
	CMPQ DX, R9
	JLE dot

	VEXTRACTF64X4 $1, Z0, Y1
	VADDPS Y1, Y0, Y0
	SUM8
	VBROADCASTSS X0, Z0
	XORQ DX, DX

scores:
	VMOVUPS (DI)(DX*1), Z2
	VSUBPS Z0, Z2, Z2
	VMULPS (SI)(DX*1), Z2, Z2
	VMULPS Z31, Z2, Z2
	VMOVUPS Z2, (DI)(DX*1)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE scores

	ADDQ R8, DI
	ADDQ R8, SI
	INCQ CX
	DECQ BX
	JNZ row
	VZEROUPPER
	RET

// func softmaxBackwardAVX2(d, p *float32, stride, rows, valid int, scale float32)
TEXT ·softmaxBackwardAVX2(SB), NOSPLIT, $0-44
	MOVQ d+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ rows+24(FP), BX
	MOVQ valid+32(FP), CX
	VBROADCASTSS scale+40(FP), Y15

row:
	LASTVECTOR
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	XORQ DX, DX

dot:
	VMOVUPS (DI)(DX*1), Y2
	VMOVUPS 32(DI)(DX*1), Y3
	VFMADD231PS (SI)(DX*1), Y2, Y0
	VFMADD231PS 32(SI)(DX*1), Y3, Y1
	ADDQ $64, DX
	CMPQ DX, R9
	JLE dot

	VADDPS Y1, Y0, Y0
	SUM8
	VBROADCASTSS X0, Y0
	XORQ DX, DX

scores:
	VMOVUPS (DI)(DX*1), Y2
	VMOVUPS 32(DI)(DX*1), Y3
	VSUBPS Y0, Y2, Y2
	VSUBPS Y0, Y3, Y3
	VMULPS (SI)(DX*1), Y2, Y2
	VMULPS 32(SI)(DX*1), Y3, Y3
	VMULPS Y15, Y2, Y2
	VMULPS Y15, Y3, Y3
	VMOVUPS Y2, (DI)(DX*1)
	VMOVUPS Y3, 32(DI)(DX*1)
	ADDQ $64, DX
	CMPQ DX, R9
	JLE scores

	ADDQ R8, DI
	ADDQ R8, SI
	INCQ CX
	DECQ BX
	JNZ row
	VZEROUPPER
	RET
