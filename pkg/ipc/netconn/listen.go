package netconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// Dialer connects as its Config says. Its zero value is what Dial uses.
type Dialer struct {
	// Config of the connections. Timeout and NoWait must be unset: deadlines take their place.
	Config ipc.Config
}

// Dial connects to the listener at path on the transport that network names, "shm" or "unix".
func Dial(network, path string) (net.Conn, error) { return Dialer{}.Dial(network, path) }

// Dial connects to the listener at path on the transport that network names.
func (d Dialer) Dial(network, path string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, path)
}

// DialContext connects to the listener at path on the transport that network names. It waits while
// the listener's queue is full, until ctx ends; later ctx has no meaning.
func (d Dialer) DialContext(ctx context.Context, network, path string) (net.Conn, error) {
	m := ipc.Mechanism(network)
	remote := Addr{m, path}
	t, err := usable(network, d.Config)
	var c ipc.Conn
	if err == nil {
		c, err = t.Dial(ctx, path, d.Config)
	}
	if err != nil {
		if errors.Is(err, ipc.ErrTimeout) {
			err = os.ErrDeadlineExceeded
		}
		return nil, &net.OpError{Op: "dial", Net: network, Addr: remote, Err: err}
	}
	return newConn(c, Addr{Mechanism: m}, remote, d.Config.Sync), nil
}

// ListenConfig listens as its Config says. Its zero value is what Listen uses.
type ListenConfig struct {
	// Config of the connections. Timeout and NoWait must be unset: deadlines take their place.
	Config ipc.Config
}

// Listen accepts connections at path on the transport that network names, "shm" or "unix". A
// socket that a dead process left there is replaced. Closing removes the path.
func Listen(network, path string) (net.Listener, error) { return ListenConfig{}.Listen(network, path) }

// Listen accepts connections at path on the transport that network names.
func (lc ListenConfig) Listen(network, path string) (net.Listener, error) {
	at := Addr{ipc.Mechanism(network), path}
	t, err := usable(network, lc.Config)
	var l ipc.Listener
	if err == nil {
		l, err = t.Listen(path, lc.Config)
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at, Err: err}
	}
	return &listener{l, at, lc.Config.Sync}, nil
}

// usable returns the transport that network names, or why its connections cannot be a net.Conn
// with cfg.
func usable(network string, cfg ipc.Config) (ipc.Transport, error) {
	switch {
	case cfg.NoWait:
		return nil, errors.New("Config.NoWait is set: unset it, a net.Conn waits")
	case cfg.Timeout != 0:
		return nil, fmt.Errorf("Config.Timeout is %v: unset it and use deadlines, it would end every Read that waits", cfg.Timeout)
	}
	return transport.Of(ipc.Mechanism(network))
}

// listener is a net.Listener over an ipc.Listener.
type listener struct {
	l   ipc.Listener
	at  Addr
	how ipc.Sync // connections wait
}

// Accept implements net.Listener. Its errors but net.ErrClosed are temporary.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.l.Accept(context.Background())
	if err == nil {
		return newConn(c, l.at, Addr{Mechanism: l.at.Mechanism}, l.how), nil
	}
	var no syscall.Errno
	switch {
	case errors.Is(err, ipc.ErrClosed):
		err = net.ErrClosed
	case errors.As(err, &no): // servers try again after what this says is temporary, such as EMFILE
		err = os.NewSyscallError("accept", no)
	}
	return nil, &net.OpError{Op: "accept", Net: l.at.Network(), Addr: l.at, Err: err}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	if err := l.l.Close(); err != nil {
		return &net.OpError{Op: "close", Net: l.at.Network(), Addr: l.at, Err: err}
	}
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.at }

// One returns a listener for a server that has one connection, as a child with its parent: Accept
// returns c, and then waits. When c or the listener is closed it returns net.ErrClosed, so that
// the server ends with its only client.
func One(c *Conn) net.Listener { return &one{c: c, closed: make(chan struct{})} }

// one is a listener of one connection.
type one struct {
	c      *Conn
	given  sync.Once
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (o *one) Accept() (net.Conn, error) {
	first := false
	o.given.Do(func() { first = true })
	if first {
		return o.c, nil
	}
	select {
	case <-o.closed:
	case <-o.c.over:
	}
	return nil, &net.OpError{Op: "accept", Net: o.c.local.Network(), Addr: o.c.local, Err: net.ErrClosed}
}

// Close implements net.Listener. It leaves the connection open.
func (o *one) Close() error {
	o.once.Do(func() { close(o.closed) })
	return nil
}

// Addr implements net.Listener.
func (o *one) Addr() net.Addr { return o.c.local }
