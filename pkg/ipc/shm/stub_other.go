//go:build !linux

package shm

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
)

// Spawn starts cmd on shared memory.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	return nil, fmt.Errorf("spawn on shm: %w", ipc.ErrUnsupported)
}

// FromParent opens the child's end.
func FromParent(cfg ipc.Config) (ipc.Conn, error) {
	return nil, fmt.Errorf("open the parent's shm: %w", ipc.ErrUnsupported)
}

// Listen accepts peers at path.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	return nil, fmt.Errorf("listen on shm: %w", ipc.ErrUnsupported)
}

// Dial connects to the Listener at path.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return nil, fmt.Errorf("dial on shm: %w", ipc.ErrUnsupported)
}
