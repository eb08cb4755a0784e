// func spin(steps int)
TEXT ·spin(SB), 4, $0-8
	MOVD steps+0(FP), R0
again:
	SUBS $1, R0, R0
	BNE  again
	RET
