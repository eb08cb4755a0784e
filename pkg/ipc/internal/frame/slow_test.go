package frame

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// TestAnnouncedLengthCostsNoMemory: memory for a message comes with its bytes, and a message
// longer than what is made at once arrives whole, through timeouts too.
func TestAnnouncedLengthCostsNoMemory(t *testing.T) {
	in, peer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := ipc.Config{Timeout: 10 * time.Millisecond}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New("lie", cfg, in, null)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	message := make([]byte, ipc.DefaultMaxMessage)
	for i := range message {
		message[i] = byte(i / 251)
	}
	header := make([]byte, HeaderSize)
	PutHeader(header, uint32(len(message)))
	if _, err := peer.Write(append(append([]byte(Hello), header...), message[:5]...)); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 3 {
		if _, err := c.Recv(t.Context(), make([]byte, 10)); !errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("Recv: %v, want a timeout", err)
		}
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 2*trusted {
		t.Errorf("%d bytes were allocated for a message of which 5 bytes came, want at most %d", after.TotalAlloc-before.TotalAlloc, 2*trusted)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := peer.Write(message[5:])
		ended <- err
	}()
	for {
		p, err := c.Peek(t.Context())
		if errors.Is(err, ipc.ErrTimeout) {
			continue
		}
		if err != nil || !bytes.Equal(p, message) {
			t.Fatalf("%d bytes came, want the %d of the message: %v", len(p), len(message), err)
		}
		break
	}
	c.Release()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestTimeoutBoundsTheWholeCall: a peer that sends a message byte by byte does not begin the
// time of a call anew with each, and the message is whole for calls that are repeated.
func TestTimeoutBoundsTheWholeCall(t *testing.T) {
	const timeout, limit = 20 * time.Millisecond, 700 * time.Millisecond
	for _, size := range []int{1000, 8000} { // of which the buffer holds the first
		in, peer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := ipc.Config{Buffer: 4 << 10, Timeout: timeout}.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c, err := New("slow", cfg, in, null)
		if err != nil {
			t.Fatal(err)
		}
		message := bytes.Repeat([]byte("x"), size)
		header := make([]byte, HeaderSize)
		PutHeader(header, uint32(size))
		ended := make(chan error, 1)
		go func() {
			_, err := peer.Write(append([]byte(Hello), header...))
			for i := 0; i < size && err == nil; i += size / 1000 {
				_, err = peer.Write(message[i : i+size/1000])
				time.Sleep(time.Millisecond)
			}
			ended <- err
		}()
		for n := 0; ; n++ {
			start := time.Now()
			p, err := c.Recv(context.Background(), nil)
			if took := time.Since(start); took > limit {
				t.Errorf("a Recv of %d bytes took %v with a Timeout of %v", size, took, timeout)
			}
			if err == nil {
				if n == 0 || !bytes.Equal(p, message) {
					t.Errorf("%d of %d bytes after %d timeouts", len(p), size, n)
				}
				break
			}
			if !errors.Is(err, ipc.ErrTimeout) {
				t.Fatal(err)
			}
		}
		if err := errors.Join(<-ended, peer.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	}
}
