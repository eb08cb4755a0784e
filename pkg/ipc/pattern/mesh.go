package pattern

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Place is where the members of a mesh meet: a folder of their own, and a transport that has
// addresses, as in
//
//	pattern.Place{Dir: dir, Transport: shm.Transport}
type Place struct {
	Dir       string
	Transport ipc.Transport
}

// How Join waits for the others.
const (
	redial       = 2 * time.Millisecond // for one that does not listen yet
	introduction = time.Second          // for a caller that does not say its name: it may not keep the others waiting
)

// Join makes a mesh: it connects this process, which is self, with every other of names, who
// call Join with the same names, and returns when all connections are there. It listens at
// Dir/self, calls those before it in names and is called by those behind it. Callers with other
// names are turned away. The context should have a deadline: a member that never comes is waited
// for. The error then names who is missing.
func Join(ctx context.Context, cfg ipc.Config, self string, names []string, at Place) (*Group, error) {
	mine := slices.Index(names, self)
	if mine < 0 {
		return nil, fmt.Errorf("join mesh: %s is not one of %v", self, names)
	}
	listener, err := at.Transport.Listen(filepath.Join(at.Dir, self), cfg)
	if err != nil {
		return nil, fmt.Errorf("join mesh as %s: %w", self, err)
	}
	defer func() { _ = listener.Close() }()
	g, err := New(OptionsOf(cfg))
	if err != nil {
		return nil, err
	}
	for _, name := range names[:mine] {
		conn, err := call(ctx, cfg, at, self, name)
		if err == nil {
			err = g.Add(Member{name, conn})
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("join mesh as %s: call %s: %w", self, name, err), g.Close())
		}
	}
	if err := welcome(ctx, g, listener, names[mine+1:]); err != nil {
		return nil, errors.Join(fmt.Errorf("join mesh as %s: %w", self, err), g.Close())
	}
	return g, nil
}

// call connects to one that may not listen yet, and says who calls.
func call(ctx context.Context, cfg ipc.Config, at Place, self, name string) (ipc.Conn, error) {
	for {
		conn, err := at.Transport.Dial(ctx, filepath.Join(at.Dir, name), cfg)
		if err == nil {
			if err = conn.Send(ctx, []byte(self)); err == nil {
				err = conn.Flush(ctx)
			}
			if err != nil {
				_ = conn.Close()
				return nil, err
			}
			return conn, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, wait.Error(ctx, "dial", name)
		case <-time.After(redial):
		}
	}
}

// welcome accepts all of names.
func welcome(ctx context.Context, g *Group, listener ipc.Listener, names []string) error {
	missing := slices.Clone(names)
	for len(missing) > 0 {
		conn, err := listener.Accept(ctx)
		if err != nil {
			if ctx.Err() == nil && (errors.Is(err, ipc.ErrVersion) || errors.Is(err, ipc.ErrCorrupt) || errors.Is(err, ipc.ErrPeerGone)) {
				continue
			}
			return fmt.Errorf("wait for %v: %w", missing, err)
		}
		name, err := introduced(ctx, conn)
		at := slices.Index(missing, name)
		if err != nil || at < 0 {
			_ = conn.Close() // no member: who it was does not matter
			continue
		}
		if err := g.Add(Member{name, conn}); err != nil {
			return errors.Join(err, conn.Close())
		}
		missing = slices.Delete(missing, at, at+1)
	}
	return nil
}

// introduced returns the name that a caller says first.
func introduced(ctx context.Context, conn ipc.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, introduction)
	defer cancel()
	name, err := conn.Recv(ctx, nil)
	return string(name), err
}
