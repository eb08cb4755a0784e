package shm

import (
	"context"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
)

// Spawn starts cmd with one end of a socket pair as an extra descriptor, over which the memory is passed, and returns the
// connection without waiting for the child. Everything else of cmd, Wait included, stays the caller's.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	s, err := family.Spawn(cmd, string(ipc.Shm))
	if err != nil {
		return nil, err
	}
	return face(open(s, cfg))
}

// FromParent opens the child's end in a process started by Spawn, once.
func FromParent(cfg ipc.Config) (ipc.Conn, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	s, err := family.FromParent(string(ipc.Shm))
	if err != nil {
		return nil, err
	}
	return face(open(s, cfg))
}

// Dial connects to a Listener's path. A listener with a full queue is waited for until ctx or cfg.Timeout ends.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	s, err := family.Dial(ctx, path, cfg.Timeout)
	if err != nil {
		return nil, err
	}
	return face(open(s, cfg))
}

type listener struct {
	l   *family.Listener
	cfg ipc.Config
}

// Listen makes the Unix socket at path, over which memory is passed, and accepts peers there, each with cfg. A socket that a dead process left is
// replaced, a living one is an error. Closing removes the path.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	l, err := family.Listen(path)
	if err != nil {
		return nil, err
	}
	return &listener{l: l, cfg: cfg}, nil
}

func (l *listener) Accept(ctx context.Context) (ipc.Conn, error) {
	s, err := l.l.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return face(open(s, l.cfg))
}

func (l *listener) Close() error { return l.l.Close() }

// face keeps a nil pointer from becoming an interface that is not nil.
func face(c *conn, err error) (ipc.Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
