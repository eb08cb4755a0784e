package family

import (
	"context"
	"fmt"
	"net"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
)

// Transport is an ipc.Transport whose connections begin with a Unix socket.
type Transport struct {
	Name ipc.Mechanism
	// Open makes a connection over a socket, which it owns, on error too. The Config has its
	// defaults. It is nil on platforms that lack what the transport is made of.
	Open func(*net.UnixConn, ipc.Config) (ipc.Conn, error)
}

var _ ipc.Transport = Transport{}

// Mechanism implements ipc.Transport.
func (t Transport) Mechanism() ipc.Mechanism { return t.Name }

// Spawn implements ipc.Transport.
func (t Transport) Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	return t.over("spawn", cfg, func(ipc.Config) (*net.UnixConn, error) { return spawn(cmd, t.Name) })
}

// FromParent implements ipc.Transport.
func (t Transport) FromParent(cfg ipc.Config) (ipc.Conn, error) {
	return t.over("open the parent's", cfg, func(ipc.Config) (*net.UnixConn, error) { return fromParent(t.Name) })
}

// Dial implements ipc.Transport.
func (t Transport) Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return t.over("dial", cfg, func(cfg ipc.Config) (*net.UnixConn, error) { return Dial(ctx, path, cfg.Timeout) })
}

// Listen implements ipc.Transport.
func (t Transport) Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	cfg, err := t.settle("listen", cfg)
	if err != nil {
		return nil, err
	}
	l, err := Listen(path)
	if err != nil {
		return nil, err
	}
	return &acceptor{l, t, cfg}, nil
}

// settle returns cfg with its defaults, or why operation op is impossible with it or on this
// platform.
func (t Transport) settle(op string, cfg ipc.Config) (ipc.Config, error) {
	cfg, err := cfg.For(t.Name)
	if err == nil && t.Open == nil {
		err = fmt.Errorf("%s on %s: %w", op, t.Name, ipc.ErrUnsupported)
	}
	return cfg, err
}

// over opens a connection over the socket that get makes.
func (t Transport) over(op string, cfg ipc.Config, get func(ipc.Config) (*net.UnixConn, error)) (ipc.Conn, error) {
	cfg, err := t.settle(op, cfg)
	if err != nil {
		return nil, err
	}
	s, err := get(cfg)
	if err != nil {
		return nil, err
	}
	return t.Open(s, cfg)
}

// acceptor is an ipc.Listener.
type acceptor struct {
	*Listener
	t   Transport
	cfg ipc.Config
}

// Accept waits for the next peer and returns the connection with it.
func (a *acceptor) Accept(ctx context.Context) (ipc.Conn, error) {
	s, err := a.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return a.t.Open(s, a.cfg)
}
