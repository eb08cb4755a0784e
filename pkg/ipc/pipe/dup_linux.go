package pipe

import "syscall"

// dup2 makes to a copy of the descriptor from.
func dup2(from, to int) error { return syscall.Dup3(from, to, 0) }
