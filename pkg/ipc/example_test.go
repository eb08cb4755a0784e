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
	"github.com/descartes/regress/pkg/ipc/transport"
)

// greet is the child's part: it answers until its parent closes.
func greet(ctx context.Context) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	var buf []byte
	for {
		if buf, err = conn.Recv(ctx, buf); errors.Is(err, ipc.ErrPeerClosed) {
			return conn.Close()
		}
		if err == nil {
			err = conn.Send(ctx, append([]byte("hello, "), buf...))
		}
		if err != nil {
			return err
		}
	}
}

// A parent starts a child and asks it, on each transport. The child is the same program, which
// an argument tells its part; any other program that calls FromParent would do.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "greeter" {
		if err := greet(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	for _, mechanism := range transport.All() {
		child := exec.Command(os.Args[0], "greeter")
		child.Stderr = os.Stderr
		conn, err := transport.Spawn(child, ipc.Config{Mechanism: mechanism})
		if err != nil {
			log.Fatal(err)
		}
		if err := conn.Send(ctx, []byte(mechanism)); err != nil {
			log.Fatal(err)
		}
		answer, err := conn.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", answer)
		if err := errors.Join(conn.Close(), child.Wait()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// hello, pipe
	// hello, unix
	// hello, shm
}
