package ipc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/shm"
)

// upper is the child's part: it reads each message where it arrived and builds the answer where
// it travels from.
func upper(ctx context.Context) error {
	conn, err := shm.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	for {
		message, err := conn.Peek(ctx)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return conn.Close()
		}
		if err != nil {
			return err
		}
		space, err := conn.Reserve(ctx, len(message))
		if err != nil {
			return err
		}
		n := copy(space, bytes.ToUpper(message))
		conn.Release() // message is gone from here on
		if err := conn.Commit(n); err != nil {
			return err
		}
	}
}

// Reserve and Commit build a message where it travels from, Peek and Release read it where it
// arrived: nothing is copied.
func ExampleConn_inPlace() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "upper" {
		if err := upper(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	child := exec.Command(os.Args[0], "upper")
	child.Stderr = os.Stderr
	conn, err := shm.Spawn(child, ipc.Config{})
	if err != nil {
		log.Fatal(err)
	}
	space, err := conn.Reserve(ctx, 100) // as much as it may become
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.Commit(copy(space, "in place")); err != nil { // as much as it became
		log.Fatal(err)
	}
	answer, err := conn.Peek(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", answer)
	conn.Release()
	if err := errors.Join(conn.Close(), child.Wait()); err != nil {
		log.Fatal(err)
	}
	// Output: IN PLACE
}
