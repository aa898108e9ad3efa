#include "textflag.h"
#include "go_asm.h"

// Registers: SI a row, DI a head, DX its second half, R8 the stride, R9 rows
// left, CX heads left, R10 the bytes of half a head, R11 the positions, R12 the
// table, R13 the row's cosines and BX its sines, AX the offset within half a head.
#define LOAD \
	MOVQ t+0(FP), DI; \
	MOVQ rotaryTask_x(DI), SI; \
	MOVQ rotaryTask_stride(DI), R8; \
	MOVQ rotaryTask_rows(DI), R9; \
	MOVQ rotaryTask_half(DI), R10; \
	MOVQ rotaryTask_pos(DI), R11; \
	MOVQ rotaryTask_table(DI), R12; \
	MOVQ rotaryTask_heads(DI), R15; \
	VBROADCASTSS rotaryTask_sign(DI), Y15

// ROW finds the angles of the next row: a row of the table is a head long.
#define ROW \
	MOVLQSX (R11), R13; \
	ADDQ $4, R11; \
	IMULQ R10, R13; \
	LEAQ (R12)(R13*2), R13; \
	LEAQ (R13)(R10*1), BX; \
	MOVQ SI, DI; \
	MOVQ R15, CX

// TURN turns as many pairs as registers a to f have lanes.
#define TURN(cos, sin, lo, hi, a, b, flip) \
	VMOVUPS (R13)(AX*1), cos; \
	VXORPS (BX)(AX*1), flip, sin; \
	VMOVUPS (DI)(AX*1), lo; \
	VMOVUPS (DX)(AX*1), hi; \
	VMULPS cos, lo, a; \
	VMULPS cos, hi, b; \
	VFNMADD231PS sin, hi, a; \
	VFMADD231PS sin, lo, b; \
	VMOVUPS a, (DI)(AX*1); \
	VMOVUPS b, (DX)(AX*1)

// func rotary8(t *rotaryTask)
TEXT ·rotary8(SB), NOSPLIT, $0-8
	LOAD

row:
	ROW

head:
	LEAQ (DI)(R10*1), DX
	XORQ AX, AX

pairs:
	TURN(Y0, Y1, Y2, Y3, Y4, Y5, Y15)
	ADDQ $32, AX
	CMPQ AX, R10
	JLT pairs
	LEAQ (DX)(R10*1), DI
	DECQ CX
	JNZ head
	ADDQ R8, SI
	DECQ R9
	JNZ row
	VZEROUPPER
	RET

// func rotary4(t *rotaryTask)
TEXT ·rotary4(SB), NOSPLIT, $0-8
	LOAD

row:
	ROW

head:
	LEAQ (DI)(R10*1), DX
	XORQ AX, AX

pairs:
	TURN(X0, X1, X2, X3, X4, X5, X15)
	ADDQ $16, AX
	CMPQ AX, R10
	JLT pairs
	LEAQ (DX)(R10*1), DI
	DECQ CX
	JNZ head
	ADDQ R8, SI
	DECQ R9
	JNZ row
	VZEROUPPER
	RET
