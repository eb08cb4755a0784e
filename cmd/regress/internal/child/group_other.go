//go:build !linux

package child

import "syscall"

func dieWithParent(*syscall.SysProcAttr) {}

// Adopt does nothing here: only Linux gives a program the descendants of its children.
func Adopt() {}

// Orphans finds none here: a process that leaves its group is not known any more.
func Orphans() (killed int) { return 0 }

// hadChildren reports none: nothing tells.
func hadChildren(pid int) bool { return false }
