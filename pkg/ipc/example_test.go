package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
	"github.com/descartes/regress/pkg/ipc/unix"
)

// The examples start this binary again as the child, as a program does that is its own agent.
func TestMain(m *testing.M) {
	if os.Getenv("EXAMPLE_CHILD") != "" {
		if err := child(context.Background()); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

// child is the main function of an agent: it answers until its parent closes.
func child(ctx context.Context) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var buf []byte
	for {
		buf, err = conn.Recv(ctx, buf)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := conn.Send(ctx, append([]byte("hello, "), buf...)); err != nil {
			return err
		}
	}
}

func spawn(cfg ipc.Config) (ipc.Conn, *exec.Cmd) {
	exe, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "EXAMPLE_CHILD=1")
	cmd.Stderr = os.Stderr
	conn, err := transport.Spawn(cmd, cfg)
	if err != nil {
		log.Fatal(err)
	}
	return conn, cmd
}

// A parent starts a child and asks it, on each transport.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, mechanism := range transport.All() {
		conn, cmd := spawn(ipc.Config{Mechanism: mechanism})
		if err := conn.Send(ctx, []byte(mechanism)); err != nil {
			log.Fatal(err)
		}
		answer, err := conn.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", answer)
		if err := errors.Join(conn.Close(), cmd.Wait()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// hello, pipe
	// hello, unix
	// hello, shm
}

// Reserve and Commit build a message where it travels from, Peek and Release read it where it arrived.
func ExampleConn_inPlace() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, cmd := spawn(ipc.Config{Mechanism: ipc.Shm})
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
	if err := errors.Join(conn.Close(), cmd.Wait()); err != nil {
		log.Fatal(err)
	}
	// Output: hello, in place
}

// Messages that can wait for each other travel together: many times the messages a second over pipes and sockets.
func ExampleBatch() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, cmd := spawn(ipc.Config{Mechanism: ipc.Pipe, Batch: ipc.Batch{Count: 64}})
	for i := range 3 {
		if err := conn.Send(ctx, fmt.Append(nil, i)); err != nil {
			log.Fatal(err)
		}
	}
	for range 3 { // waiting for an answer sends the batch
		answer, err := conn.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", answer)
	}
	if err := errors.Join(conn.Close(), cmd.Wait()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello, 0
	// hello, 1
	// hello, 2
}

// Processes that are not parent and child meet at a path.
func ExampleListener() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "ipc")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "socket")

	listener, err := unix.Listen(path, ipc.Config{}) // shm has the same functions
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() { // another process
		conn, err := unix.Dial(ctx, path, ipc.Config{Timeout: time.Second})
		if err != nil {
			log.Fatal(err)
		}
		if err := errors.Join(conn.Send(ctx, []byte("good day")), conn.Close()); err != nil {
			log.Fatal(err)
		}
	}()
	conn, err := listener.Accept(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	message, err := conn.Recv(ctx, nil)
	fmt.Printf("%s %v\n", message, err)
	_, err = conn.Recv(ctx, nil)
	fmt.Println(errors.Is(err, ipc.ErrPeerGone))
	// Output:
	// good day <nil>
	// true
}
