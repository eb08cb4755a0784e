package shm

import (
	"context"
	"net"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
)

var sockets = family.Transport{Mechanism: ipc.Shm, Open: func(s *net.UnixConn, cfg ipc.Config) (ipc.Conn, error) {
	c, err := open(s, cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}}

// Spawn starts cmd with one end of a socket pair as an extra descriptor, over which the memory is passed, and returns the
// connection without waiting for the child. Everything else of cmd, Wait included, stays the caller's.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) { return sockets.Spawn(cmd, cfg) }

// FromParent opens the child's end in a process started by Spawn, once.
func FromParent(cfg ipc.Config) (ipc.Conn, error) { return sockets.FromParent(cfg) }

// Dial connects to a Listener's path. A listener with a full queue is waited for until ctx or cfg.Timeout ends.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return sockets.Dial(ctx, path, cfg)
}

// Listen makes the Unix socket at path, over which memory is passed, and accepts peers there, each with cfg. A socket that a dead process left is
// replaced, a living one is an error. Closing removes the path.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) { return sockets.Listen(path, cfg) }
