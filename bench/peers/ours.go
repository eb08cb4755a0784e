package main

import (
	"context"
	"os/exec"
	"strconv"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// ours makes a contestant of a transport of pkg/ipc in its default configuration but for what
// cfg sets.
func ours(name string, cfg ipc.Config, peek bool) contestant {
	wrap := func(conn ipc.Conn) link {
		if peek {
			return &inPlace{conn}
		}
		return conn
	}
	return contestant{
		name: name, trips: !peek, flows: cfg.Sync != ipc.SyncPark, batches: !peek,
		near: func(_ context.Context, j job, _ string, cmd *exec.Cmd) (link, error) {
			cfg := cfg
			if j.batch > 1 {
				cfg.Batch = ipc.Batch{Count: j.batch}
			}
			conn, err := transport.Spawn(cmd, cfg)
			if err != nil {
				return nil, err
			}
			return wrap(conn), nil
		},
		far: func(ctx context.Context, j job, _ string) error {
			conn, err := transport.FromParent(cfg)
			if err != nil {
				return err
			}
			return serve(ctx, wrap(conn), j)
		},
		join: group(peek || cfg.Sync == ipc.SyncPark),
	}
}

// group joins connections in a pattern.Group, as it stands; none does so for those that play no
// crowds.
func group(none bool) func(job, []link) (gang, error) {
	if none {
		return nil
	}
	return func(_ job, links []link) (gang, error) {
		g, err := pattern.New(pattern.Options{})
		for i, l := range links {
			if err == nil {
				err = g.Add(pattern.Member{Name: strconv.Itoa(i), Conn: l.(ipc.Conn)})
			}
		}
		return g, err
	}
}

// inPlace reads messages where the transport keeps them.
type inPlace struct{ ipc.Conn }

// Recv implements link.
func (l *inPlace) Recv(ctx context.Context, _ []byte) ([]byte, error) {
	l.Release()
	return l.Peek(ctx)
}
