// Command agent is what the resources benchmarks watch: a process as a user of pkg/ipc would build it, which links nothing that it
// does not need. It answers every message with itself, and when none has come for a while it gives the memory of
// the burst back to the system and waits without a timer.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// settle is how long a burst is over before its memory goes back.
const settle = 50 * time.Millisecond

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var message []byte
	for {
		if message, err = next(ctx, conn, message); errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err == nil {
			err = conn.Send(ctx, message)
		}
		if err != nil {
			return err
		}
	}
}

// next takes the next message. When it lets itself be waited for, memory goes back first.
func next(ctx context.Context, conn ipc.Conn, buf []byte) ([]byte, error) {
	soon, cancel := context.WithTimeout(ctx, settle)
	p, err := conn.Recv(soon, buf)
	cancel()
	if !errors.Is(err, ipc.ErrTimeout) {
		return p, err
	}
	debug.FreeOSMemory()
	return conn.Recv(ctx, nil)
}
