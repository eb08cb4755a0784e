//go:build race

#include "textflag.h"

// func storeRel(p *uint32, v uint32)
TEXT ·storeRel(SB), NOSPLIT, $0-12
	MOVQ p+0(FP), AX
	MOVL v+8(FP), CX
	MOVL CX, (AX)
	RET
