package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// fixedEcho is the role of an echo whose buffers do not adapt.
const fixedEcho = "fixed echo"

// fixed returns cfg with buffers that hold from the start, and keep, what those of cfg may grow to.
func fixed(cfg ipc.Config) ipc.Config {
	cfg.Buffer, cfg.Fixed = ipc.DefaultMaxBuffer, true
	return cfg
}

// light is longer than a buffer takes to find that traffic is light.
const light = 2500 * time.Millisecond

// BenchmarkBuffer lets a process answer some messages of 1 MiB and then, for a while, small ones
// every millisecond, with buffers that adapt to that and with fixed ones that have room for it:
// rss-bytes is its memory after both, which is what sizing buffers by the traffic is for. An
// operation is one small message and the wait for the next.
func BenchmarkBuffer(b *testing.B) {
	if !slices.Contains(mechanisms(), ipc.Shm) {
		b.Skip("no shared memory here")
	}
	for _, buffer := range []struct {
		name, role string
		cfg        ipc.Config
	}{
		{"adaptive", "echo", config(ipc.Shm)},
		{"fixed", fixedEcho, fixed(config(ipc.Shm))},
	} {
		b.Run(fmt.Sprintf("transport=%s/buffer=%s", ipc.Shm, buffer.name), func(b *testing.B) {
			conn, process := peer(b, buffer.role, buffer.cfg)
			afterLarge(b, conn, process.Pid)
		})
	}
}

// afterLarge is BenchmarkBuffer over one connection.
func afterLarge(b *testing.B, conn ipc.Conn, pid int) {
	ctx, cancel := bounded(b)
	defer cancel()
	large, answer := make([]byte, 1<<20), make([]byte, 1<<20)
	for number := range uint64(16) { // each buffer, four times over
		stamp(large, number)
		if err := conn.Send(ctx, large); err != nil {
			b.Fatal(err)
		}
		var err error
		if answer, err = conn.Recv(ctx, answer); err == nil {
			err = stamped(answer, number)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	slowly := func() error {
		due := time.Now().Add(pace)
		err := trips(ctx, conn, 1)
		time.Sleep(time.Until(due))
		return err
	}
	for end := time.Now().Add(light); time.Now().Before(end); {
		if err := slowly(); err != nil {
			b.Fatal(err)
		}
	}
	watch(b, pid, slowly)
}
