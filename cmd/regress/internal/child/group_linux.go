package child

import "syscall"

// dieWithParent has the kernel kill the child when this program dies, even by SIGKILL. Note: the
// signal comes when the thread that started the child ends; threads of Go end only where a
// goroutine stays locked to one, and nothing here locks any.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
