package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pipe"
)

// count is the child's part: it adds up what it receives and answers an empty message with the sum.
func count(ctx context.Context) error {
	conn, err := pipe.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	sum := 0
	for {
		message, err := conn.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return conn.Close()
		}
		if err == nil && len(message) == 0 {
			err = conn.Send(ctx, fmt.Append(nil, sum))
		}
		if err != nil {
			return err
		}
		for _, b := range message {
			sum += int(b)
		}
	}
}

// Messages that can wait for each other travel together: many times the messages a second over
// pipes and sockets.
func ExampleBatch() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "counter" {
		if err := count(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	child := exec.Command(os.Args[0], "counter")
	child.Stderr = os.Stderr
	conn, err := pipe.Spawn(child, ipc.Config{Batch: ipc.Batch{Count: 64, Delay: 10 * time.Millisecond}})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 100 { // 64 leave when they are complete, the others 10 ms later at most
		if err := conn.Send(ctx, []byte{byte(i)}); err != nil {
			log.Fatal(err)
		}
	}
	if err := conn.Send(ctx, nil); err != nil {
		log.Fatal(err)
	}
	sum, err := conn.Recv(ctx, nil) // or now: a request is never held back by the wait for its answer
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", sum)
	if err := errors.Join(conn.Close(), child.Wait()); err != nil {
		log.Fatal(err)
	}
	// Output: 4950
}
