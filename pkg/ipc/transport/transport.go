// Package transport chooses a transport by Config.Mechanism. A program that knows which one it
// wants imports that package alone.
package transport

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pipe"
	"github.com/descartes/regress/pkg/ipc/shm"
	"github.com/descartes/regress/pkg/ipc/unix"
)

// All lists the mechanisms, slowest first.
func All() []ipc.Mechanism { return []ipc.Mechanism{ipc.Pipe, ipc.Unix, ipc.Shm} }

// Spawn starts cmd on cfg.Mechanism; see the transports' Spawn.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	switch cfg.Mechanism {
	case ipc.Pipe:
		return pipe.Spawn(cmd, cfg)
	case ipc.Unix:
		return unix.Spawn(cmd, cfg)
	case ipc.Shm:
		return shm.Spawn(cmd, cfg)
	}
	return nil, unknown("spawn", cfg)
}

// FromParent opens the child's end on whichever transport the parent chose; cfg.Mechanism is not looked at.
func FromParent(cfg ipc.Config) (ipc.Conn, error) {
	name, _, _ := strings.Cut(os.Getenv("IPC_PARENT"), ":")
	switch ipc.Mechanism(name) {
	case ipc.Pipe:
		return pipe.FromParent(cfg)
	case ipc.Unix:
		return unix.FromParent(cfg)
	case ipc.Shm:
		return shm.FromParent(cfg)
	}
	return nil, fmt.Errorf("open the parent's connection: %w", ipc.ErrNoParent)
}

// Listen accepts peers at path; pipes have no such thing.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	switch cfg.Mechanism {
	case ipc.Unix:
		return unix.Listen(path, cfg)
	case ipc.Shm:
		return shm.Listen(path, cfg)
	}
	return nil, unknown("listen", cfg)
}

// Dial connects to the Listener at path; pipes have no such thing.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	switch cfg.Mechanism {
	case ipc.Unix:
		return unix.Dial(ctx, path, cfg)
	case ipc.Shm:
		return shm.Dial(ctx, path, cfg)
	}
	return nil, unknown("dial", cfg)
}

func unknown(op string, cfg ipc.Config) error {
	return fmt.Errorf("%s: Config.Mechanism is %q, want one of %v that can %s", op, cfg.Mechanism, All(), op)
}
