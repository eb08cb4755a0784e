package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/codec"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// reading is what a sensor says.
type reading struct {
	Number uint32
	Value  float64
}

// exchange sends 1,000 readings from one side of a connection to the other, and returns the answer
// to the last, which is their number. Both sides have the configuration and the format.
func exchange(cfg ipc.Config, format codec.Codec) (count uint32, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "ipc")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "socket")
	listener, err := transport.Listen(path, cfg)
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, format) }() // in a program of its own
	conn, err := transport.Dial(ctx, path, cfg)
	if err != nil {
		return 0, err
	}
	const readings = 1000
	var message []byte // is used again
	for number := range uint32(readings) {
		r := reading{Number: number, Value: 20.5}
		if message, err = format.Append(message[:0], &r); err != nil {
			return 0, err
		}
		if err := conn.Send(ctx, message); err != nil {
			return 0, err
		}
	}
	if err := conn.Send(ctx, nil); err != nil {
		return 0, err
	}
	if message, err = conn.Recv(ctx, message); err != nil { // an open batch leaves ahead of the wait
		return 0, err
	}
	err = format.Decode(message, &count)
	return count, errors.Join(err, conn.Close(), <-served)
}

// serve reads readings and answers an empty message with how many there were.
func serve(ctx context.Context, listener ipc.Listener, format codec.Codec) error {
	conn, err := listener.Accept(ctx)
	if err != nil {
		return err
	}
	var message []byte
	for count := uint32(0); ; count++ {
		if message, err = conn.Recv(ctx, message); err != nil {
			return err
		}
		if len(message) == 0 {
			answer, err := format.Append(message[:0], &count)
			return errors.Join(err, conn.Send(ctx, answer), conn.Close())
		}
		var r reading
		if err := format.Decode(message, &r); err != nil {
			return err
		}
		if r.Number != count {
			return fmt.Errorf("reading %d arrived as number %d", r.Number, count)
		}
	}
}

// What a program in production begins with: shared memory, whose buffer grows with the traffic and
// goes back when it is light, and limits for a peer that hangs or is hostile.
func ExampleConfig_production() {
	cfg := ipc.Config{
		Mechanism:  ipc.Shm,         // ipc.Unix elsewhere than on Linux
		Timeout:    5 * time.Second, // of each call that waits for the peer
		MaxMessage: 1 << 20,         // a longer one is refused, and of a peer's ends the connection
	}
	count, err := exchange(cfg, codec.Bincode2{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count)
	// Output: 1000
}

// Where each message is waited for: nothing is held back, and a side that waits looks for a while
// before it sleeps.
func ExampleConfig_latency() {
	cfg := ipc.Config{
		Mechanism: ipc.Shm,
		Sync:      ipc.SyncAdaptive, // the default: looks for as long as that has lately paid
	}
	count, err := exchange(cfg, codec.Bincode1{}) // fixed lengths: least to compute
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count)
	// Output: 1000
}

// Where messages a second count: they travel together, at most so many and for at most so long.
func ExampleConfig_throughput() {
	cfg := ipc.Config{
		Mechanism: ipc.Shm,
		Buffer:    1 << 20, // from the start, for bursts
		Batch:     ipc.Batch{Count: 64, Delay: time.Millisecond},
	}
	count, err := exchange(cfg, codec.Bincode2{}) // least bytes
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count)
	// Output: 1000
}
