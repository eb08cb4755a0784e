#include "textflag.h"

// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	PAUSE
	RET

// func own(p unsafe.Pointer)
TEXT ·own(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	// PREFETCHW, which the assembler does not know, of 0(AX), 64(AX) and so on
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08
	BYTE $0x0F; BYTE $0x0D; BYTE $0x48; BYTE $0x40
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $128
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $192
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $256
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $320
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $384
	BYTE $0x0F; BYTE $0x0D; BYTE $0x88; LONG $448
	RET
