package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pipe"
)

// role is the variable that makes this binary the child of the test.
const role = "PIPE_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		os.Exit(m.Run())
	}
	if err := chatter(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// chatter answers every message with itself, and prints in every way there is before each answer.
func chatter() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pipe.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	if b, err := io.ReadAll(os.Stdin); err != nil || len(b) > 0 { // else it would eat what the parent sends
		return fmt.Errorf("stdin holds %q, %w, want nothing", b, err)
	}
	for n := 0; ; n++ {
		p, err := c.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return c.Close()
		}
		if err != nil {
			return err
		}
		fmt.Println("by fmt", n)
		_, err = os.Stdout.WriteString(fmt.Sprintln("by os.Stdout", n))
		_, err2 := syscall.Write(1, fmt.Appendln(nil, "by descriptor", n)) // as printf in a C library does
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if n%100 == 0 { // a child of its own, which inherits stdin and stdout
			cmd := exec.Command("sh", "-c", "cat; echo by a child $0", fmt.Sprint(n))
			cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
			if err := cmd.Run(); err != nil {
				return err
			}
		}
		if err := c.Send(ctx, p); err != nil {
			return err
		}
	}
}

// TestStrayPrints: what a child prints goes to stderr, all of it, and not into the connection,
// nor does it read from there.
func TestStrayPrints(t *testing.T) {
	const messages = 300
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), role+"=chatter")
	cmd.Stderr = &printed
	c, err := pipe.Spawn(cmd, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for n := range messages {
		want := bytes.Repeat([]byte{byte(n)}, n*n%100_000)
		sent := make(chan error, 1)
		go func() { sent <- c.Send(ctx, want) }()
		have, err := c.Recv(ctx, nil)
		if err := errors.Join(err, <-sent); err != nil {
			t.Fatalf("message %d: %v\n%s", n, err, tail(cmd, c, &printed))
		}
		if !bytes.Equal(have, want) {
			t.Fatalf("message %d came back as %d other bytes of %d", n, len(have), len(want))
		}
	}
	if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, printed.Bytes())
	}
	for n := range messages {
		for _, way := range []string{"by fmt", "by os.Stdout", "by descriptor", "by a child"} {
			want := 1
			if way == "by a child" && n%100 > 0 {
				want = 0
			}
			if have := strings.Count(printed.String(), fmt.Sprintln(way, n)); have != want {
				t.Fatalf("%d lines %q on stderr, want %d", have, fmt.Sprint(way, " ", n), want)
			}
		}
	}
}

// tail ends the child and returns what it printed.
func tail(cmd *exec.Cmd, c ipc.Conn, printed *bytes.Buffer) []byte {
	_ = c.Close()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return printed.Bytes()[max(0, printed.Len()-500):]
}
