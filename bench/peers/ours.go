package main

import (
	"context"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// ours makes a contestant of a transport of pkg/ipc in its default configuration but for what cfg sets.
func ours(name string, cfg ipc.Config, peek bool) contestant {
	wrap := func(conn ipc.Conn) link {
		if peek {
			return &inPlace{conn}
		}
		return conn
	}
	return contestant{
		name: name, trips: !peek, flows: cfg.Sync != ipc.SyncPark, batches: !peek, crowds: !peek && cfg.Sync != ipc.SyncPark,
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
	}
}

// inPlace reads messages where the transport keeps them.
type inPlace struct{ ipc.Conn }

func (l *inPlace) Recv(ctx context.Context, _ []byte) ([]byte, error) {
	l.Release()
	return l.Peek(ctx)
}
