package shm

import (
	"context"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
)

// Transport is this package as an ipc.Transport. Elsewhere than on Linux its methods return
// ipc.ErrUnsupported.
var Transport ipc.Transport = family.Transport{Name: ipc.Shm, Open: overSocket}

// Spawn starts cmd with one end of a socket pair as an extra descriptor, over which the memory is
// passed, and returns the connection without waiting for the child. Everything else of cmd, Wait
// included, stays the caller's.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) { return Transport.Spawn(cmd, cfg) }

// FromParent opens the child's end in a process started by Spawn, once.
func FromParent(cfg ipc.Config) (ipc.Conn, error) { return Transport.FromParent(cfg) }

// Dial connects to a Listener's path. It waits while the listener's queue is full, until ctx or
// cfg.Timeout ends.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return Transport.Dial(ctx, path, cfg)
}

// Listen makes the Unix socket at path, over which memory is passed, and accepts peers there,
// each with cfg. A socket that a dead process left is replaced, a living one is an error.
// Closing removes the path.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) { return Transport.Listen(path, cfg) }
