#include "textflag.h"

// func packAVX2(dst, src *float32, stride, rows int, lanes *int32)
TEXT ·packAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ rows+24(FP), CX
	MOVQ lanes+32(FP), AX
	VMOVDQU (AX), Y14
	VMOVDQU 32(AX), Y15

packRow:
	VMASKMOVPS (SI), Y14, Y0
	VMASKMOVPS 32(SI), Y15, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ R8, SI
	ADDQ $64, DI
	DECQ CX
	JNZ packRow
	VZEROUPPER
	RET

// NEXTROW sets ptr to the following row, or to the same one if none is left.
// DX counts the rows that are, AX is the stride.
#define NEXTROW(prev, ptr) \
	LEAQ (prev)(AX*1), ptr; \
	DECQ DX; \
	CMOVQLE prev, ptr

// QUAD turns four registers, each with four values of one row in the low half
// and of the row four further on in the high half, into four columns.
#define QUAD(a, b, c, d) \
	VUNPCKLPS b, a, Y8; \
	VUNPCKHPS b, a, Y9; \
	VUNPCKLPS d, c, Y10; \
	VUNPCKHPS d, c, Y11; \
	VSHUFPS $0x44, Y10, Y8, a; \
	VSHUFPS $0xEE, Y10, Y8, b; \
	VSHUFPS $0x44, Y11, Y9, c; \
	VSHUFPS $0xEE, Y11, Y9, d

// func transposeAVX2(dst *float32, dstStride int, src *float32, srcStride, rows, blocks int)
//
// Registers: SI R8 R9 R10 R11 R12 R13 R15 the eight rows, DI and R14 the rows 0
// and 4 of dst, DX their stride and CX three of it, AX the offset within rows,
// BX the blocks left.
TEXT ·transposeAVX2(SB), NOSPLIT, $0-48
	MOVQ src+16(FP), SI
	MOVQ srcStride+24(FP), AX
	MOVQ rows+32(FP), DX
	NEXTROW(SI, R8)
	NEXTROW(R8, R9)
	NEXTROW(R9, R10)
	NEXTROW(R10, R11)
	NEXTROW(R11, R12)
	NEXTROW(R12, R13)
	NEXTROW(R13, R15)
	MOVQ dst+0(FP), DI
	MOVQ dstStride+8(FP), DX
	MOVQ blocks+40(FP), BX
	LEAQ (DX)(DX*2), CX
	LEAQ (DI)(DX*4), R14
	XORQ AX, AX

block:
	VMOVUPS (SI)(AX*1), X0
	VMOVUPS (R8)(AX*1), X1
	VMOVUPS (R9)(AX*1), X2
	VMOVUPS (R10)(AX*1), X3
	VMOVUPS 16(SI)(AX*1), X4
	VMOVUPS 16(R8)(AX*1), X5
	VMOVUPS 16(R9)(AX*1), X6
	VMOVUPS 16(R10)(AX*1), X7
	VINSERTF128 $1, (R11)(AX*1), Y0, Y0
	VINSERTF128 $1, (R12)(AX*1), Y1, Y1
	VINSERTF128 $1, (R13)(AX*1), Y2, Y2
	VINSERTF128 $1, (R15)(AX*1), Y3, Y3
	VINSERTF128 $1, 16(R11)(AX*1), Y4, Y4
	VINSERTF128 $1, 16(R12)(AX*1), Y5, Y5
	VINSERTF128 $1, 16(R13)(AX*1), Y6, Y6
	VINSERTF128 $1, 16(R15)(AX*1), Y7, Y7
	QUAD(Y0, Y1, Y2, Y3)
	QUAD(Y4, Y5, Y6, Y7)
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, (DI)(DX*1)
	VMOVUPS Y2, (DI)(DX*2)
	VMOVUPS Y3, (DI)(CX*1)
	VMOVUPS Y4, (R14)
	VMOVUPS Y5, (R14)(DX*1)
	VMOVUPS Y6, (R14)(DX*2)
	VMOVUPS Y7, (R14)(CX*1)
	LEAQ (DI)(DX*8), DI
	LEAQ (R14)(DX*8), R14
	ADDQ $32, AX
	DECQ BX
	JNZ block
	VZEROUPPER
	RET
