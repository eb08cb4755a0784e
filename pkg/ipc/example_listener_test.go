package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/unix"
)

// call is what the other process does, which knows nothing but the path.
func call(ctx context.Context, path string) error {
	conn, err := unix.Dial(ctx, path, ipc.Config{Timeout: time.Minute})
	if err != nil {
		return err
	}
	return errors.Join(conn.Send(ctx, []byte("good day")), conn.Close())
}

// Processes that are not parent and child meet at a path. Package shm has the same functions.
func ExampleListener() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 2 && os.Args[1] == "caller" {
		if err := call(ctx, os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	dir, err := os.MkdirTemp("", "ipc")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "socket")
	listener, err := unix.Listen(path, ipc.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = listener.Close() }()

	// here the caller is this program again; it could be any
	caller := exec.Command(os.Args[0], "caller", path)
	caller.Stderr = os.Stderr
	if err := caller.Start(); err != nil {
		log.Fatal(err)
	}

	conn, err := listener.Accept(ctx)
	if err != nil {
		log.Fatal(err)
	}
	message, err := conn.Recv(ctx, nil)
	fmt.Printf("%s, %v\n", message, err)
	_, err = conn.Recv(ctx, nil)
	fmt.Println("it has left:", errors.Is(err, ipc.ErrPeerClosed))
	if err := errors.Join(conn.Close(), caller.Wait()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// good day, <nil>
	// it has left: true
}
