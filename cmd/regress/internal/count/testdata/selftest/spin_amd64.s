// func spin(steps int)
TEXT ·spin(SB), 4, $0-8
	MOVQ steps+0(FP), CX
again:
	DECQ CX
	JNZ  again
	RET
