// Package pipe carries messages over the stdin and stdout of a spawned child: it works with
// nothing but inherited descriptors, on every Unix.
package pipe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/frame"
	"github.com/descartes/regress/pkg/ipc/internal/parent"
)

// Transport is this package as an ipc.Transport. Pipes have no addresses: Listen and Dial return
// ipc.ErrNoAddress.
var Transport ipc.Transport = transport{}

type transport struct{}

// Mechanism implements ipc.Transport.
func (transport) Mechanism() ipc.Mechanism { return ipc.Pipe }

// Spawn implements ipc.Transport.
func (transport) Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) { return Spawn(cmd, cfg) }

// FromParent implements ipc.Transport.
func (transport) FromParent(cfg ipc.Config) (ipc.Conn, error) { return FromParent(cfg) }

// Listen implements ipc.Transport.
func (transport) Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	return nil, noAddress("listen at "+path, cfg)
}

// Dial implements ipc.Transport.
func (transport) Dial(_ context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return nil, noAddress("dial "+path, cfg)
}

// noAddress returns the error of operation op.
func noAddress(op string, cfg ipc.Config) error {
	if _, err := cfg.For(ipc.Pipe); err != nil {
		return err
	}
	return fmt.Errorf("%s on pipe: %w", op, ipc.ErrNoAddress)
}

// Spawn starts cmd with its stdin and stdout as a connection, which it returns. cmd's Stdin and
// Stdout must be unset; everything else of cmd, Wait included, stays the caller's.
func Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	cfg, err := cfg.For(ipc.Pipe)
	if err != nil {
		return nil, err
	}
	if cmd.Stdin != nil || cmd.Stdout != nil {
		return nil, errors.New("spawn on pipe: cmd.Stdin and cmd.Stdout are the connection: leave them unset")
	}
	childIn, out, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("spawn on pipe: %w", err)
	}
	in, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("spawn on pipe: %w", err), childIn.Close(), out.Close())
	}
	cmd.Stdin, cmd.Stdout = childIn, childOut
	parent.Tell(cmd, ipc.Pipe, "")
	err = cmd.Start()
	err = errors.Join(err, childIn.Close(), childOut.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("spawn on pipe: %w", err), in.Close(), out.Close())
	}
	return conn(cfg, in, out)
}

// FromParent opens the child's end in a process started by Spawn, once. From then on stdin is
// empty and what the process prints on stdout goes to stderr, so that a stray print cannot break
// the connection.
func FromParent(cfg ipc.Config) (ipc.Conn, error) {
	cfg, err := cfg.For(ipc.Pipe)
	if err != nil {
		return nil, err
	}
	if _, err := parent.Claim(ipc.Pipe); err != nil {
		return nil, err
	}
	in, err := take(0)
	if err != nil {
		return nil, err
	}
	out, err := take(1)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if err := divert(); err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	return conn(cfg, in, out)
}

// conn makes a connection of two pipes, which it owns, on error too.
func conn(cfg ipc.Config, in, out *os.File) (ipc.Conn, error) {
	c, err := frame.New("pipe", cfg, in, out)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// take moves descriptor fd to a new one that does not block and is not inherited.
func take(fd int) (*os.File, error) {
	syscall.ForkLock.RLock()
	n, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		if err = syscall.SetNonblock(n, true); err == nil {
			return os.NewFile(uintptr(n), "pipe"), nil
		}
		_ = syscall.Close(n)
	}
	return nil, fmt.Errorf("open the parent's pipe: descriptor %d: %w", fd, err)
}

// divert points stdin at nothing and stdout at stderr.
func divert() error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("open the parent's pipe: %w", err)
	}
	defer func() { _ = null.Close() }()
	if err := dup2(int(null.Fd()), 0); err != nil {
		return fmt.Errorf("open the parent's pipe: stdin: %w", err)
	}
	if err := dup2(2, 1); err != nil {
		return fmt.Errorf("open the parent's pipe: stdout: %w", err)
	}
	return nil
}
