// Command agent is what the resources benchmarks watch: a process as a user of pkg/ipc would
// build it, which links nothing that it does not need. It reads every message as JSON, answers
// with what it has read, and when none has come for a while it gives the memory of the burst
// back to the system and waits without a timer.
package main

import (
	"context"
	"encoding/json"
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

// garbage is how much of it, in per cent of the live heap, makes the collector start: a fifth of
// the runtime's own figure, because what the collector needs for itself grows with the heap and
// does not go back.
const garbage = 20

// order is what the agent is told: the Order of the suite.
type order struct {
	ID       uint64
	Source   string
	Kind     uint8
	Sent     int64
	Price    float64
	Urgent   bool
	Tags     []string
	Readings []struct {
		Sensor           uint32
		Value, Low, High float64
		Label            string
	}
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// run answers its parent until that closes.
func run(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var message, answer []byte
	for {
		if message, err = next(ctx, conn, message); errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		var o order
		if err := json.Unmarshal(message, &o); err != nil {
			return err
		}
		if answer, err = json.Marshal(&o); err != nil {
			return err
		}
		if err := conn.Send(ctx, answer); err != nil {
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
