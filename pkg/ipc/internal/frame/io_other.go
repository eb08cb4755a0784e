//go:build !linux

package frame

import (
	"errors"
	"syscall"
)

// errno returns the system's error in err.
func errno(err error) syscall.Errno {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	if err != nil {
		return syscall.EIO
	}
	return 0
}

// read reads once, without waiting.
func read(fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, err := syscall.Read(int(fd), p)
		if e := errno(err); e != syscall.EINTR {
			return max(n, 0), e
		}
	}
}

// write writes once, without waiting.
func write(fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, err := syscall.Write(int(fd), p)
		if e := errno(err); e != syscall.EINTR {
			return max(n, 0), e
		}
	}
}

// write2 writes the first piece alone: the caller goes on with the rest.
func write2(fd uintptr, p, _ []byte) (int, syscall.Errno) { return write(fd, p) }
