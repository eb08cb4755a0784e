package frame

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// FuzzStream reads any bytes as a direction: the messages that come out, written again, are the
// bytes that went in, as far as they were well-formed; the rest is an error.
func FuzzStream(f *testing.F) {
	hello := func(s string) []byte { return append([]byte(Hello), s...) }
	f.Add([]byte{})
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add(hello("\x03\x00\x00\x00abc\x00\x00\x00\x00\xff\xff\xff\xff"))
	f.Add(hello("\x03\x00\x00\x00ab"))
	f.Add(hello("\xff\xff\xff\x00ab"))
	f.Add(append(hello("\x00\x20\x00\x00"), make([]byte, 8192)...)) // longer than the buffer
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 60<<10 {
			return // more than the kernel's buffer takes at once
		}
		in, far, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := far.Write(data); err != nil {
			t.Fatal(err)
		}
		_ = far.Close()
		cfg, err := ipc.Config{Buffer: 4 << 10, MaxMessage: 16 << 10, Timeout: 10 * time.Second}.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c, err := New("test", cfg, in, null)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		again := []byte(Hello)
		for i := 0; ; i++ {
			var p []byte
			var err error
			if i%2 == 0 {
				p, err = c.Recv(t.Context(), nil)
			} else if p, err = c.Peek(t.Context()); err == nil {
				p = bytes.Clone(p)
				c.Release()
			}
			if err == nil {
				head := make([]byte, HeaderSize)
				PutHeader(head, uint32(len(p)))
				again = append(append(again, head...), p...)
				continue
			}
			if !errors.Is(err, ipc.ErrPeerGone) && !errors.Is(err, ipc.ErrCorrupt) && !errors.Is(err, ipc.ErrVersion) {
				t.Fatal(err)
			}
			if errors.Is(err, ipc.ErrPeerClosed) {
				again = append(again, 0xff, 0xff, 0xff, 0xff)
			}
			if i > 0 && !bytes.HasPrefix(data, again) {
				t.Fatalf("read %q\nwritten again %q", data, again)
			}
			// An end without error in between is only right where nothing is left over.
			if torn := errors.Is(err, io.ErrUnexpectedEOF); i > 0 && !torn && errors.Is(err, ipc.ErrPeerGone) && !errors.Is(err, ipc.ErrPeerClosed) && len(data) != len(again) {
				t.Fatalf("%d bytes after the last message passed for an end", len(data)-len(again))
			}
			return
		}
	})
}

func TestStrangersHelloIsRefused(t *testing.T) {
	check := func(b string, want error) {
		t.Helper()
		if err := CheckHello([]byte(b)); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%q: %v, want %v", b, err, want)
		}
	}
	check("", nil)
	check(Hello[:3], nil)
	check(Hello, nil)
	check(Hello+"more", nil)
	check(Hello[:len(Hello)-1]+"\x09", ipc.ErrVersion)
	check("x", ipc.ErrVersion)
	check(Hello[:3]+"x", ipc.ErrVersion)
}

// TestWriterShrinksWhenQuiet: a large message makes the writer's buffer grow, and a quiet while
// takes it back, but not from under a caller.
func TestWriterShrinksWhenQuiet(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := ipc.Config{Timeout: 10 * time.Second}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	near, err := New("near", cfg, in, out) // it reads what it writes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	size := func() int {
		near.w.mu.Lock()
		defer near.w.mu.Unlock()
		return len(near.w.buf)
	}
	trip := func(p []byte, n int) {
		t.Helper()
		copy(p, bytes.Repeat([]byte{byte(n)}, n))
		sent := make(chan error, 1)
		go func() { sent <- near.Commit(n) }()
		got, err := near.Recv(t.Context(), nil)
		if err := errors.Join(err, <-sent); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(n)}, n)) {
			t.Fatalf("%d bytes of %d, %v, or others than were sent", len(got), n, err)
		}
	}
	reserve := func(n int) []byte {
		t.Helper()
		p, err := near.Reserve(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := reserve(1 << 20)
	near.w.shrink() // it was needed lately
	near.w.shrink() // it is the caller's
	if size() < 1<<20 {
		t.Fatal("the buffer was taken from a caller who had reserved it")
	}
	trip(p, 1<<20)
	for start := time.Now(); size() > cfg.Buffer; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("the buffer has %d bytes long after the last large message", size())
		}
	}
	trip(reserve(100), 100)
	if size() > cfg.Buffer {
		t.Fatalf("the buffer has %d bytes for a message of 100", size())
	}
}
