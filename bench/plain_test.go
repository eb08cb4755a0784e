package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
)

// plain is what a program does on two os.Pipes without this module: a length of four bytes
// before each message, one Write for both, a bufio.Reader. It is the yardstick of a gather, the
// same as bench/peers has for it.
type plain struct {
	in   *bufio.Reader
	out  io.Writer
	buf  []byte
	head [4]byte
}

func newPlain(in io.Reader, out io.Writer) *plain {
	return &plain{in: bufio.NewReaderSize(in, 64<<10), out: out}
}

func (c *plain) send(p []byte) error {
	c.buf = append(binary.LittleEndian.AppendUint32(c.buf[:0], uint32(len(p))), p...)
	_, err := c.out.Write(c.buf)
	return err
}

// recv fills p, the length of which the other side knows.
func (c *plain) recv(p []byte) error {
	if _, err := io.ReadFull(c.in, c.head[:]); err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint32(c.head[:]); n != uint32(len(p)) {
		return fmt.Errorf("a message of %d bytes, want %d", n, len(p))
	}
	_, err := io.ReadFull(c.in, p)
	return err
}

// plainRole is that of a member of gatherPlain: it is no role of a connection.
const plainRole = "plain echo"

// plainEcho returns every message that comes on descriptor 3 on descriptor 4.
func plainEcho() error {
	c, message := newPlain(os.NewFile(3, "in"), os.NewFile(4, "out")), make([]byte, messageSize)
	for {
		err := c.recv(message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = c.send(message)
		}
		if err != nil {
			return err
		}
	}
}

// gatherPlain sends a message to n members and reads the answer of each in turn: that is faster
// than a goroutine for each.
func gatherPlain(b *testing.B, n int) crowd {
	var members []*plain
	for range n {
		members = append(members, plainPeer(b))
	}
	message, answer, number := make([]byte, messageSize), make([]byte, messageSize), uint64(0)
	return crowd{
		weight: 2 * n, finish: complete,
		do: func(context.Context) error {
			number++
			stamp(message, number)
			for _, m := range members {
				if err := m.send(message); err != nil {
					return err
				}
			}
			for _, m := range members {
				if err := m.recv(answer); err != nil {
					return err
				}
				if err := stamped(answer, number); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// plainPeer starts this binary as a member. When the benchmark ends, its descriptors are closed
// and it must end.
func plainPeer(b *testing.B) *plain {
	b.Helper()
	childIn, out, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	in, childOut, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd, err := self(plainRole)
	if err != nil {
		b.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{childIn, childOut}
	if err := errors.Join(cmd.Start(), childIn.Close(), childOut.Close()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = errors.Join(out.Close(), in.Close())
		ends(b, cmd)
	})
	return newPlain(in, out)
}
