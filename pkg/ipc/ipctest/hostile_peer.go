package ipctest

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// hostilePeer is the peer of a hostile test: it scribbles until its connection or its time ends,
// and counts that in the tally at path.
func hostilePeer(ctx context.Context, tr Transport, path string) error {
	y, err := openTally(path)
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(time.Now().UnixNano())))
	if tr.Mechanism() != ipc.Shm {
		return scribbleStream(ctx, tr, y, rnd)
	}
	cfg, err := configured()
	if err != nil {
		return err
	}
	c, err := tr.FromParent(cfg)
	if err != nil {
		return err
	}
	if _, err := c.Recv(ctx, nil); err != nil { // the other side's memory is there
		return nil // it ended before anything was written
	}
	return scribbleMemory(ctx, c, y, rnd)
}

// scribbleStream writes what no peer writes, among what one does, to the child's end of a stream.
func scribbleStream(ctx context.Context, tr Transport, y *tally, rnd *rand.Rand) error {
	out, in := tr.Wire, tr.Wire
	if out == 1 {
		in = 0
	}
	for _, fd := range []int{in, out} {
		if err := syscall.SetNonblock(fd, true); err != nil {
			return err
		}
	}
	s := stream{fd: out, rnd: rnd}
	if rnd.IntN(20) > 0 {
		s.write([]byte(tr.Hello))
	}
	sink := make([]byte, 64<<10)
	for ctx.Err() == nil && !s.ended {
		switch rnd.IntN(16) {
		case 0: // noise
			s.write(s.noise(1 + rnd.IntN(100)))
		case 1: // a length that lies, up to the longest allowed, and a little of the message
			s.write(binary.LittleEndian.AppendUint32(nil, rnd.Uint32N(ipc.DefaultMaxMessage)))
			s.drip(s.noise(rnd.IntN(100)))
		case 2: // a length that nobody may have
			if rnd.IntN(4) == 0 {
				s.write(binary.LittleEndian.AppendUint32(nil, rnd.Uint32()|1<<30))
			}
		case 3: // an orderly end, and more
			if rnd.IntN(8) == 0 {
				s.write([]byte{0xff, 0xff, 0xff, 0xff})
			}
		case 4, 5:
			time.Sleep(time.Duration(rnd.IntN(6000)) * time.Microsecond)
		case 6, 7, 8: // takes what came, so that the other side goes on
			for n := 1; n > 0; {
				n, _ = syscall.Read(in, sink)
			}
		case 9, 10:
			n := rnd.IntN(300)
			s.drip(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), s.noise(n)...))
		default:
			n := rnd.IntN(9000)
			s.write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), s.noise(n)...))
		}
		y.sent.Add(1)
	}
	return nil
}

// stream is a descriptor that is written to without waiting for long.
type stream struct {
	fd    int
	rnd   *rand.Rand
	ended bool // the other side has closed
}

// noise returns n bytes.
func (s *stream) noise(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(s.rnd.Uint32())
	}
	return p
}

// drip writes p in pieces, with pauses, or in one.
func (s *stream) drip(p []byte) {
	for len(p) > 0 && !s.ended {
		n := min(len(p), 1+s.rnd.IntN(20))
		s.write(p[:n])
		p = p[n:]
		time.Sleep(time.Duration(s.rnd.IntN(500)) * time.Microsecond)
	}
}

// write writes p, or as much of it as fits within some milliseconds: who is refused goes on in the
// middle of a message.
func (s *stream) write(p []byte) {
	for tries := 0; len(p) > 0 && tries < 20; {
		n, err := syscall.Write(s.fd, p)
		switch {
		case err == nil:
			p = p[n:]
		case errors.Is(err, syscall.EAGAIN):
			tries++
			time.Sleep(time.Millisecond)
		case !errors.Is(err, syscall.EINTR):
			s.ended = true
			return
		}
	}
}
