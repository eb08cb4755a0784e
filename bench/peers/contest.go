package main

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
)

// contestant is one way to move messages between two Go processes.
type contestant struct {
	name    string
	trips   bool // does round trips
	flows   bool // can send without an answer to each message
	batches bool // can hold messages back and send them together

	// near starts cmd, which is the far process, and connects to it; path is free
	// for a socket.
	near func(ctx context.Context, j job, path string, cmd *exec.Cmd) (link, error)
	// far connects to the near process and serves it.
	far func(ctx context.Context, j job, path string) error
	// join makes one thing of the links to many far processes; nil when there is nothing of that
	// kind to measure.
	join func(j job, links []link) (gang, error)
}

// contestants returns those that this program itself can play: ours, the plain Go ones,
// the peers.
func contestants() []contestant {
	return []contestant{
		ours("ours-shm", ipc.Config{Mechanism: ipc.Shm}, false),
		ours("ours-shm-peek", ipc.Config{Mechanism: ipc.Shm}, true),
		ours("ours-shm-park", ipc.Config{Mechanism: ipc.Shm, Sync: ipc.SyncPark}, false),
		ours("ours-unix", ipc.Config{Mechanism: ipc.Unix}, false),
		ours("ours-pipe", ipc.Config{Mechanism: ipc.Pipe}, false),
		goUnix(), goPipe(), goPipeChannel(),
		cloudwego(), grpcStreams(), grpcCalls(), nanomsg(), zmq(), barrow(),
	}
}

// find returns the contestant of that name.
func find(name string) (contestant, error) {
	for _, c := range contestants() {
		if c.name == name {
			return c, nil
		}
	}
	return contestant{}, fmt.Errorf("no contestant %q", name)
}
