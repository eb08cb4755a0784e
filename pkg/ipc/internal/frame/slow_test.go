package frame

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

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
