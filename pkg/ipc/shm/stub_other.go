//go:build !linux

package shm

import (
	"net"

	"github.com/descartes/regress/pkg/ipc"
)

// overSocket is nil: this platform has no memfd, no futex and no mremap.
var overSocket func(*net.UnixConn, ipc.Config) (ipc.Conn, error)
