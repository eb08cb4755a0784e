// Package unix carries messages over Unix stream sockets: a socket pair with a spawned
// child, or a path in the file system.
package unix

import (
	"context"
	"net"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
	"github.com/descartes/regress/pkg/ipc/internal/frame"
)

// Transport is this package as an ipc.Transport.
var Transport ipc.Transport = family.Transport{Name: ipc.Unix, Open: open}

// open makes a connection over a socket.
func open(s *net.UnixConn, cfg ipc.Config) (ipc.Conn, error) {
	c, err := frame.New(string(ipc.Unix), cfg, s, s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Spawn starts cmd with one end of a socket pair as an extra descriptor and returns the other.
// Everything else of cmd, Wait included, stays the caller's.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) { return Transport.Spawn(cmd, cfg) }

// FromParent opens the child's end in a process started by Spawn, once.
func FromParent(cfg ipc.Config) (ipc.Conn, error) { return Transport.FromParent(cfg) }

// Dial connects to a Listener's path. It waits while the listener's queue is full, until ctx or
// cfg.Timeout ends.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return Transport.Dial(ctx, path, cfg)
}

// Listen makes the socket at path and accepts peers there, each with cfg. A socket that a dead
// process left there is replaced; a living one, or anything else, stays and is an error. Closing
// removes the path.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) { return Transport.Listen(path, cfg) }
