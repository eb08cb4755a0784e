package ipctest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// closeWakes closes beside a waiting Recv and a waiting Send: both return ErrClosed, and so does
// every later call.
func (tr Transport) closeWakes(t *testing.T) {
	ctx := limited(t)
	for i := range 6 {
		c, _ := tr.spawn(t, "deaf", "", ipc.Config{MaxBuffer: 64 << 10})
		errs := make(chan error, 2)
		go func() {
			_, err := c.Recv(ctx, nil)
			errs <- err
		}()
		go func() {
			var err error
			for err == nil {
				err = c.Send(ctx, make([]byte, 1000))
			}
			errs <- err
		}()
		time.Sleep(time.Duration(i*i*5) * time.Millisecond)
		within(t, patience, "Close and what it wakes", func() {
			_ = c.Close() // says that not all could be sent
			for range 2 {
				if err := <-errs; !errors.Is(err, ipc.ErrClosed) {
					t.Errorf("woken by Close: %v, want ErrClosed", err)
				}
			}
		})
		_, recv := c.Recv(ctx, nil)
		_, peek := c.Peek(ctx)
		_, reserve := c.Reserve(ctx, 1)
		for _, err := range []error{recv, peek, reserve, c.Send(ctx, nil), c.Flush(ctx)} {
			if !errors.Is(err, ipc.ErrClosed) {
				t.Errorf("after Close: %v, want ErrClosed", err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
}

// peerDies kills the peer: both halves end with ErrPeerGone. It also connects to what is no peer.
func (tr Transport) peerDies(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "vanish", "", ipc.Config{})
	if err := c.Send(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "both halves end", func() {
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) {
			t.Errorf("Recv: %v, want ErrPeerGone and no order", err)
		}
		var err error
		for err == nil {
			err = c.Send(ctx, make([]byte, 100))
		}
		if !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Send: %v, want ErrPeerGone", err)
		}
	})

	// One that never was a peer, and one that cannot be started.
	c, err := tr.Spawn(exec.Command("true"), ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	within(t, patience, "a child that exits", func() {
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Recv from true(1): %v, want ErrPeerGone", err)
		}
	})
	_ = c.Close()
	if c, err = tr.Spawn(exec.Command("/nonexistent/program"), ipc.Config{}); err == nil || c != nil {
		t.Errorf("spawn nothing: %v, %v", c, err)
	}
	if c, err = tr.FromParent(ipc.Config{}); !errors.Is(err, ipc.ErrNoParent) || c != nil {
		t.Errorf("FromParent without one: %v, %v", c, err)
	}
}

// stranger starts programs that are no peers.
func (tr Transport) stranger(t *testing.T) {
	ctx := limited(t)
	other := []byte(tr.Hello)
	other[tr.Version]++
	lying := append([]byte(tr.Hello), 0xf0, 0xff, 0xff, 0xff, 'x') // a length of 4 GiB, or a segment of that size
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"text", []byte("usage: cat [file]\n"), ipc.ErrVersion},
		{"another version", other, ipc.ErrVersion},
		{"a length that lies", append(lying, bytes.Repeat([]byte{0xff}, 100)...), ipc.ErrCorrupt},
		{"half a hello", []byte(tr.Hello[:3]), ipc.ErrPeerGone},
		{"nothing", nil, ipc.ErrPeerGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bytes")
			if err := os.WriteFile(file, c.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			// It lives on for a while after a lie: the error does not come from its death.
			life := "0"
			if c.want != ipc.ErrPeerGone {
				life = "30"
			}
			cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf(`cat "$0" >&%d; exec sleep %s`, tr.Wire, life), file)
			conn, err := tr.Spawn(cmd, ipc.Config{})
			if err != nil {
				t.Fatal(err)
			}
			within(t, patience, "Recv", func() {
				if b, err := conn.Recv(ctx, nil); !errors.Is(err, c.want) {
					t.Errorf("Recv: %q, %v, want %v", b, err, c.want)
				}
			})
			if err := conn.Send(ctx, []byte("x")); c.want != ipc.ErrPeerGone && !errors.Is(err, c.want) {
				t.Errorf("Send on a failed connection: %v, want %v", err, c.want)
			}
			_ = conn.Close()
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
}
