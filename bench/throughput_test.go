package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

// A mode is a way to use a connection for one-way traffic.
type mode struct {
	name  string
	batch ipc.Batch
	send  func(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error
}

var modes = []mode{
	{name: "plain", send: sendCopy},
	{name: "batched", batch: ipc.Batch{Count: 64}, send: sendCopy},
	{name: "zerocopy", send: sendInPlace},
}

func sendCopy(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error {
	stamp(message, number)
	return conn.Send(ctx, message)
}

// sendInPlace builds the message where the transport keeps it. Building one here is
// its stamp: what the sender has to say is already where it belongs.
func sendInPlace(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error {
	p, err := conn.Reserve(ctx, len(message))
	if err != nil {
		return err
	}
	stamp(p, number)
	return conn.Commit(len(p))
}

// BenchmarkThroughput sends messages one way. An operation is one message; the
// time ends when the receiver has confirmed the last one.
func BenchmarkThroughput(b *testing.B) {
	for _, mechanism := range mechanisms() {
		for _, size := range sizes {
			for _, mode := range modes {
				b.Run(fmt.Sprintf("transport=%s/size=%s/mode=%s", mechanism, sizeName(size), mode.name), func(b *testing.B) {
					throughput(b, mechanism, size, mode)
				})
			}
		}
	}
}

func throughput(b *testing.B, mechanism ipc.Mechanism, size int, mode mode) {
	cfg := config(mechanism)
	cfg.Batch = mode.batch
	conn, _ := peer(b, "sink", cfg)
	ctx, cancel := bounded(b)
	defer cancel()
	message := make([]byte, size)
	number := uint64(0)
	for range warmUp(size) {
		number++
		if err := mode.send(ctx, conn, message, number); err != nil {
			b.Fatal(err)
		}
	}
	answer := make([]byte, 64)
	if err := confirm(ctx, conn, number, answer); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		number++
		if err := mode.send(ctx, conn, message, number); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer() // Loop stopped it; what is still on its way counts
	if err := confirm(ctx, conn, number, answer); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// warmUp is how many messages go first, unmeasured: enough for buffers to grow
// to the traffic, 4 MiB at the most.
func warmUp(size int) int { return min(2000, max(8, 4<<20/size)) }

// confirm asks the sink how much has arrived: an empty message is the question.
func confirm(ctx context.Context, conn ipc.Conn, sent uint64, buffer []byte) error {
	if err := conn.Send(ctx, nil); err != nil {
		return err
	}
	if err := conn.Flush(ctx); err != nil {
		return err
	}
	answer, err := conn.Recv(ctx, buffer)
	if err != nil {
		return fmt.Errorf("wait for the sink: %w", err)
	}
	if got := binary.LittleEndian.Uint64(answer); got != sent {
		return fmt.Errorf("%d messages sent, %d arrived", sent, got)
	}
	return nil
}

// sink checks every message where it lies, and counts.
func sink(ctx context.Context, conn ipc.Conn) error {
	return count(ctx, conn, stamped)
}

// count checks every message where it lies and answers an empty one with how
// many there were.
func count(ctx context.Context, conn ipc.Conn, check func(p []byte, number uint64) error) error {
	count, answer := uint64(0), make([]byte, 0, 8)
	for {
		p, err := conn.Peek(ctx)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(p) == 0 {
			conn.Release()
			if err := conn.Send(ctx, binary.LittleEndian.AppendUint64(answer, count)); err != nil {
				return err
			}
			continue
		}
		count++
		err = check(p, count)
		conn.Release()
		if err != nil {
			return err
		}
	}
}
