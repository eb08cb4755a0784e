package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
)

// buffered is the size of the user-space buffers on plain streams, that of the
// C floor and of ours.
const buffered = 64 << 10

// stream is what a Go program does on a byte stream without a library: a length
// of four bytes before each message, one Write a message or a batch, a bufio.Reader.
type stream struct {
	in    *bufio.Reader
	out   io.Writer
	buf   []byte // what is held back
	held  int
	batch int
	head  [4]byte
}

// newStream makes a link of a stream of bytes.
func newStream(in io.Reader, out io.Writer, batch int) *stream {
	return &stream{in: bufio.NewReaderSize(in, buffered), out: out, batch: batch, buf: make([]byte, 0, buffered)}
}

// Send implements link.
func (s *stream) Send(ctx context.Context, p []byte) error {
	if len(s.buf)+4+len(p) > buffered {
		if err := s.Flush(ctx); err != nil {
			return err
		}
	}
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(p)))
	if len(p) >= buffered/2 { // not worth a copy: two pieces
		if err := s.Flush(ctx); err != nil {
			return err
		}
		_, err := s.out.Write(p)
		return err
	}
	s.buf = append(s.buf, p...)
	if s.held++; s.held < s.batch {
		return nil
	}
	return s.Flush(ctx)
}

// Flush implements link.
func (s *stream) Flush(context.Context) error {
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.out.Write(s.buf)
	s.buf, s.held = s.buf[:0], 0
	return err
}

// Recv implements link.
func (s *stream) Recv(_ context.Context, buf []byte) ([]byte, error) {
	if _, err := io.ReadFull(s.in, s.head[:]); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(s.head[:]))
	if n > cap(buf) {
		buf = make([]byte, n)
	}
	_, err := io.ReadFull(s.in, buf[:n])
	return buf[:n], err
}

// goPipe returns two os.Pipes.
func goPipe() contestant {
	return contestant{
		name:  "go-pipe",
		trips: true, flows: true, batches: true,
		near: func(_ context.Context, j job, _ string, cmd *exec.Cmd) (link, error) {
			childIn, out, err := os.Pipe()
			if err != nil {
				return nil, err
			}
			in, childOut, err := os.Pipe()
			if err != nil {
				return nil, err
			}
			cmd.ExtraFiles = []*os.File{childIn, childOut}
			if err := cmd.Start(); err != nil {
				return nil, err
			}
			_, _ = childIn.Close(), childOut.Close()
			return newStream(in, out, j.batch), nil
		},
		far: func(ctx context.Context, j job, _ string) error {
			return serve(ctx, newStream(inherited(3), inherited(4), 1), j)
		},
		join: func(j job, links []link) (gang, error) {
			return &inTurn{links: links, buf: make([]byte, j.size)}, nil
		},
	}
}

// goPipeChannel returns goPipe but for how answers of many are taken.
func goPipeChannel() contestant {
	c := goPipe()
	c.name, c.trips, c.flows, c.batches, c.join = "go-pipe-channel", false, false, false, channel
	return c
}

// goUnix makes a contestant of a Unix stream socket as package net makes it.
func goUnix() contestant {
	return contestant{
		name:  "go-unix",
		trips: true, flows: true, batches: true,
		near: func(_ context.Context, j job, path string, cmd *exec.Cmd) (link, error) {
			conn, err := accept(path, cmd)
			if err != nil {
				return nil, err
			}
			return newStream(conn, conn, j.batch), nil
		},
		far: func(ctx context.Context, j job, path string) error {
			conn, err := net.Dial("unix", path)
			if err != nil {
				return err
			}
			return serve(ctx, newStream(conn, conn, 1), j)
		},
	}
}

// accept listens at path, starts cmd and accepts its connection.
func accept(path string, cmd *exec.Cmd) (net.Conn, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return l.Accept()
}
