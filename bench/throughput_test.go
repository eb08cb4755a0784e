package bench

import (
	"bytes"
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
	role  string // of the receiver
	send  func(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error
}

// In modes plain and batched the message is at hand and the receiver looks at both its ends, so
// that the transport is what is measured. The other two add what a program does with a message,
// and differ in where: copy builds it in memory of the sender's own and reads it in memory of
// the receiver's own, zerocopy builds and reads it where the transport keeps it.
var modes = []mode{
	{name: "plain", role: "sink", send: sendCopy},
	{name: "batched", role: "sink", batch: ipc.Batch{Count: 64}, send: sendCopy},
	{name: "copy", role: "copying reader", send: sendBuilt},
	{name: "zerocopy", role: "reader", send: sendInPlace},
}

func sendCopy(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error {
	stamp(message, number)
	return conn.Send(ctx, message)
}

func sendBuilt(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error {
	fill(message, number)
	return conn.Send(ctx, message)
}

func sendInPlace(ctx context.Context, conn ipc.Conn, message []byte, number uint64) error {
	p, err := conn.Reserve(ctx, len(message))
	if err != nil {
		return err
	}
	fill(p, number)
	return conn.Commit(len(p))
}

// content is what messages are built from: at the speed of memory, so that what copying costs is
// not lost in what building does.
var content = func() (p [1 << 20]byte) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return p
}()

// fill builds a message, all of it.
func fill(p []byte, number uint64) {
	copy(p, content[:])
	stamp(p, number)
}

// filled reads all of a message.
func filled(p []byte, number uint64) error {
	if err := stamped(p, number); err != nil {
		return err
	}
	if inner := p[8 : len(p)-8]; !bytes.Equal(inner, content[8:8+len(inner)]) {
		return fmt.Errorf("message %d arrived changed", number)
	}
	return nil
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
	conn, _ := peer(b, mode.role, cfg)
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
	reportRate(b, b.N, b.N*size)
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

// sink checks both ends of every message where it lies, and counts.
func sink(ctx context.Context, conn ipc.Conn) error {
	return count(ctx, conn, stamped)
}

// reader reads every message where it lies, and counts.
func reader(ctx context.Context, conn ipc.Conn) error {
	return count(ctx, conn, filled)
}

// copyingReader takes a copy of every message, reads that, and counts.
func copyingReader(ctx context.Context, conn ipc.Conn) error {
	return count(ctx, &copied{Conn: conn}, filled)
}

// copied is a connection whose Peek receives a copy.
type copied struct {
	ipc.Conn
	message []byte
}

func (c *copied) Peek(ctx context.Context) ([]byte, error) {
	var err error
	c.message, err = c.Recv(ctx, c.message)
	return c.message, err
}

func (c *copied) Release() {}

// count checks every message where Peek shows it and answers an empty one with how
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
