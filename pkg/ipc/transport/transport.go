// Package transport chooses a transport by Config.Mechanism. A program that knows which one it
// wants imports that package alone.
package transport

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/parent"
	"github.com/descartes/regress/pkg/ipc/pipe"
	"github.com/descartes/regress/pkg/ipc/shm"
	"github.com/descartes/regress/pkg/ipc/unix"
)

var transports = []ipc.Transport{pipe.Transport, unix.Transport, shm.Transport}

// All lists the mechanisms, slowest first.
func All() []ipc.Mechanism {
	var all []ipc.Mechanism
	for _, t := range transports {
		all = append(all, t.Mechanism())
	}
	return all
}

// Of returns the transport of that name.
func Of(m ipc.Mechanism) (ipc.Transport, error) {
	for _, t := range transports {
		if t.Mechanism() == m {
			return t, nil
		}
	}
	return nil, fmt.Errorf("no transport has the name %q: want one of %v", m, All())
}

// of returns the transport that cfg names.
func of(cfg ipc.Config) (ipc.Transport, error) {
	t, err := Of(cfg.Mechanism)
	if err != nil {
		return nil, fmt.Errorf("ipc config: Mechanism is %q: %w", cfg.Mechanism, err)
	}
	return t, nil
}

// Spawn starts cmd on cfg.Mechanism; see ipc.Transport.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	t, err := of(cfg)
	if err != nil {
		return nil, err
	}
	return t.Spawn(cmd, cfg)
}

// FromParent opens the child's end on whichever transport the parent chose; cfg.Mechanism may be
// empty.
func FromParent(cfg ipc.Config) (ipc.Conn, error) {
	t, err := Of(parent.Mechanism())
	if err != nil {
		return nil, fmt.Errorf("open the parent's connection: %w", ipc.ErrNoParent)
	}
	return t.FromParent(cfg)
}

// Listen accepts peers at path on cfg.Mechanism; see ipc.Transport.
func Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	t, err := of(cfg)
	if err != nil {
		return nil, err
	}
	return t.Listen(path, cfg)
}

// Dial connects to the Listener at path on cfg.Mechanism; see ipc.Transport.
func Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	t, err := of(cfg)
	if err != nil {
		return nil, err
	}
	return t.Dial(ctx, path, cfg)
}
