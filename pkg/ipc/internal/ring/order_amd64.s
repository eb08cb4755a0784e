#include "textflag.h"

// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	PAUSE
	RET

// func prefetchForWrite(p unsafe.Pointer, lines int)
TEXT ·prefetchForWrite(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ lines+8(FP), CX

next:
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW 0(AX), which the assembler does not know
	ADDQ $64, AX
	DECQ CX
	JNZ  next
	RET
