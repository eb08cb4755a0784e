package frame

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// lateConn calls between after each Write, while whoever called that does not have the lock yet.
type lateConn struct {
	syscall.RawConn
	between func()
}

func (c lateConn) Write(f func(fd uintptr) bool) error {
	err := c.RawConn.Write(f)
	c.between()
	return err
}

// TestPumpEnds: a message that is sent just when the pump has pushed the last byte, and has not
// said yet that it ends, is sent too, though nothing is sent after it.
func TestPumpEnds(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string, in, out *os.File) *Conn {
		t.Helper()
		cfg, err := ipc.Config{Timeout: 10 * time.Second}.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(name, cfg, in, out)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	null := func() *os.File {
		f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	near, far := open("near", null(), out), open("far", in, null())
	pushed, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	near.w.rc = lateConn{near.w.rc, func() {
		once.Do(func() {
			close(pushed)
			<-goOn
		})
	}}
	sent := 0
	for p := make([]byte, 1000); ; sent++ { // until the pipe is full, and the pump at work
		err := near.TrySend(p)
		if errors.Is(err, ipc.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	recv := func(i int) []byte {
		t.Helper()
		p, err := far.Recv(t.Context(), nil)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, sent, err)
		}
		return p
	}
	for i := range sent {
		recv(i)
	}
	<-pushed
	err = near.TrySend([]byte("last"))
	close(goOn)
	if err != nil {
		t.Fatal(err)
	}
	if p := recv(sent); string(p) != "last" {
		t.Fatalf("the last message is %q", p)
	}
}
