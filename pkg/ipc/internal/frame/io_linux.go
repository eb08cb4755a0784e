package frame

import (
	"syscall"
	"unsafe"
)

// rawLimit is up to how many bytes a system call is made without telling the scheduler. The
// descriptors do not block, so such a call takes some microseconds at most; telling costs a
// tenth of a small write.
const rawLimit = 16 << 10

// read reads once, without waiting.
func read(fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e == 0 {
			return int(n), 0
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// write writes once, without waiting.
func write(fd uintptr, p []byte) (n int, e syscall.Errno) {
	var r uintptr
	for {
		if len(p) <= rawLimit {
			r, _, e = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		} else {
			r, _, e = syscall.Syscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		}
		if e == 0 {
			return int(r), 0
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// write2 writes two pieces, neither empty, with one call.
func write2(fd uintptr, p, q []byte) (int, syscall.Errno) {
	iov := [2]syscall.Iovec{{Base: &p[0]}, {Base: &q[0]}}
	iov[0].SetLen(len(p))
	iov[1].SetLen(len(q))
	for {
		r, _, e := syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&iov[0])), 2)
		if e == 0 {
			return int(r), 0
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}
