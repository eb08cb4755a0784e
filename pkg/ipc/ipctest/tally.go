package ipctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc"
)

// tally is what one direction of a connection has done, in a file that its processes map: it
// says what was done in the instant in which one of them is killed.
type tally struct {
	sent  atomic.Uint64 // messages whose Send had returned nil
	taken atomic.Uint64 // messages received and found whole
	end   atomic.Uint64 // how the survivor's connection ended
	pid   atomic.Uint64 // of a process that one of the sides started
}

// The values of tally.end.
const (
	endGone   = 1 + iota // the peer was gone without a word
	endClosed            // the peer had closed
	endTorn              // the peer was gone in the middle of a message
)

// newTally makes the file, all zero.
func newTally(path string) (*tally, error) {
	if err := os.WriteFile(path, make([]byte, unsafe.Sizeof(tally{})), 0o600); err != nil {
		return nil, err
	}
	return openTally(path)
}

// openTally maps the tally at path.
func openTally(path string) (*tally, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	mem, err := syscall.Mmap(int(f.Fd()), 0, int(unsafe.Sizeof(tally{})), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return (*tally)(unsafe.Pointer(&mem[0])), nil
}

// tallyOf returns a tally for one test.
func tallyOf(t *testing.T) (*tally, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tally")
	y, err := newTally(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(y.close)
	return y, path
}

// close unmaps the tally.
func (y *tally) close() {
	_ = syscall.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(y)), unsafe.Sizeof(*y)))
}

// produce sends numbered messages of many sizes, each third built in place, until the peer is
// gone: then it returns nil.
func (y *tally) produce(ctx context.Context, c ipc.Conn) error {
	rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := uint64(0); ; n++ {
		p := message(n, size(rnd))
		err := again(ctx, func() error {
			if n%3 > 0 {
				return c.Send(ctx, p)
			}
			b, err := c.Reserve(ctx, len(p)+5)
			if err != nil {
				return err
			}
			return c.Commit(copy(b, p))
		})
		if err != nil {
			return y.ended(err)
		}
		y.sent.Store(n + 1) // in the file even when the next instruction is the last
	}
}

// consume takes the messages of produce, each second in place, until the peer is gone: then it
// returns nil.
func (y *tally) consume(ctx context.Context, c ipc.Conn) error {
	var buf []byte
	for n := uint64(0); ; n++ {
		p := buf
		err := again(ctx, func() (err error) {
			if n%2 == 0 {
				p, err = c.Peek(ctx)
			} else {
				buf, err = c.Recv(ctx, buf)
				p = buf
			}
			return err
		})
		if err != nil {
			return y.ended(err)
		}
		if err := check(p, n); err != nil {
			return err
		}
		c.Release()
		y.taken.Store(n + 1)
	}
}

// again calls f until something else than Config.Timeout ends it: who measures how long a
// survivor takes sees each.
func again(ctx context.Context, f func() error) error {
	for {
		if err := f(); !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
			return err
		}
	}
}

// ended notes how a connection ended, and returns the error unless it is that the peer is gone.
func (y *tally) ended(err error) error {
	switch {
	case !errors.Is(err, ipc.ErrPeerGone):
		return err
	case errors.Is(err, ipc.ErrPeerClosed):
		y.end.Store(endClosed)
	case errors.Is(err, io.ErrUnexpectedEOF):
		y.end.Store(endTorn)
	default:
		y.end.Store(endGone)
	}
	return nil
}
