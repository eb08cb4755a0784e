package family

import (
	"context"
	"net"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
)

// Transport is what begins with a Unix socket.
type Transport struct {
	Mechanism ipc.Mechanism
	// Open makes a connection over a socket, which it owns, on error too. The Config has its defaults.
	Open func(*net.UnixConn, ipc.Config) (ipc.Conn, error)
}

// Spawn starts cmd and returns the parent's end.
func (t Transport) Spawn(cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, error) {
	return t.over(cfg, func(ipc.Config) (*net.UnixConn, error) { return Spawn(cmd, string(t.Mechanism)) })
}

// FromParent returns the child's end, once.
func (t Transport) FromParent(cfg ipc.Config) (ipc.Conn, error) {
	return t.over(cfg, func(ipc.Config) (*net.UnixConn, error) { return FromParent(string(t.Mechanism)) })
}

// Dial connects to a Listener's path.
func (t Transport) Dial(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error) {
	return t.over(cfg, func(cfg ipc.Config) (*net.UnixConn, error) { return Dial(ctx, path, cfg.Timeout) })
}

// over opens a connection over the socket that get makes.
func (t Transport) over(cfg ipc.Config, get func(ipc.Config) (*net.UnixConn, error)) (ipc.Conn, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	s, err := get(cfg)
	if err != nil {
		return nil, err
	}
	return t.Open(s, cfg)
}

// Listen accepts connections at path, each with cfg.
func (t Transport) Listen(path string, cfg ipc.Config) (ipc.Listener, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	l, err := Listen(path)
	if err != nil {
		return nil, err
	}
	return &acceptor{l, t, cfg}, nil
}

// acceptor is an ipc.Listener.
type acceptor struct {
	*Listener
	t   Transport
	cfg ipc.Config
}

// Accept waits for the next peer.
func (a *acceptor) Accept(ctx context.Context) (ipc.Conn, error) {
	s, err := a.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return a.t.Open(s, a.cfg)
}
