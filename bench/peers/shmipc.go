package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"

	"github.com/cloudwego/shmipc-go"
)

// quiet is above the highest of shmipc's log levels, none of which has an exported name.
const quiet = 5

// shmipcConfig follows the library's own benchmarks: memfd, a long queue, most slices of the
// size that is used. The memory is a quarter of theirs, because preparing it takes longer than a
// measurement here; and the queue is never longer than there are slices, or a sender that is
// ahead falls back to the socket, at a tenth of the speed.
func shmipcConfig(j job, path string) *shmipc.Config {
	const memory, share = 64 << 20, 70
	slice := j.batch*(j.size+4) + 256
	shmipc.SetLogLevel(quiet)
	c := shmipc.DefaultConfig()
	c.QueueCap = uint32(min(65535, max(8, memory/100*share/slice/2&^7)))
	c.ShareMemoryBufferCap = memory
	c.MemMapType = shmipc.MemMapTypeMemFd
	c.LogOutput = io.Discard
	c.QueuePath = strings.TrimSuffix(path, ".sock") + ".queue"
	c.ShareMemoryPathPrefix = strings.TrimSuffix(path, ".sock") + ".memory"
	c.BufferSliceSizes = []*shmipc.SizePercentPair{
		{Size: uint32(slice), Percent: share}, {Size: 16 << 10, Percent: 20}, {Size: 64 << 10, Percent: 10},
	}
	return c
}

// cloudwego returns shmipc-go. A stream of it carries bytes, so messages get a length of four of
// them.
func cloudwego() contestant {
	return contestant{
		name:  "shmipc-go",
		trips: true, flows: true, batches: true,
		near: func(ctx context.Context, j job, path string, cmd *exec.Cmd) (link, error) {
			conn, err := accept(path, cmd)
			if err != nil {
				return nil, err
			}
			s, err := shmipc.Server(conn, shmipcConfig(j, path))
			if err != nil {
				return nil, err
			}
			stream, err := s.AcceptStream()
			if err != nil {
				return nil, err
			}
			l := &shmipcLink{s: stream, batch: j.batch}
			if _, err := l.Recv(ctx, nil); err != nil { // the far side's first word made the stream
				return nil, err
			}
			return l, nil
		},
		far: func(ctx context.Context, j job, path string) error {
			c := shmipc.DefaultSessionManagerConfig()
			c.Config, c.Network, c.Address, c.SessionNum = shmipcConfig(j, path), "unix", path, 1
			m, err := shmipc.NewSessionManager(c)
			if err != nil {
				return err
			}
			stream, err := m.GetStream()
			if err != nil {
				return err
			}
			l := &shmipcLink{s: stream, batch: 1}
			if err := l.Send(ctx, make([]byte, answerSize)); err != nil {
				return err
			}
			return serve(ctx, l, j)
		},
	}
}

type shmipcLink struct {
	s     *shmipc.Stream
	batch int
	held  int
}

// Send implements link.
func (l *shmipcLink) Send(ctx context.Context, p []byte) error {
	b, err := l.s.BufferWriter().Reserve(4 + len(p))
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(b, uint32(len(p)))
	copy(b[4:], p)
	if l.held++; l.held < l.batch {
		return nil
	}
	return l.Flush(ctx)
}

// Flush implements link.
func (l *shmipcLink) Flush(context.Context) error {
	if l.held == 0 {
		return nil
	}
	l.held = 0
	for {
		err := l.s.Flush(false)
		if !errors.Is(err, shmipc.ErrQueueFull) {
			return err
		}
		runtime.Gosched() // its own benchmarks sleep a microsecond here, which is much longer
	}
}

// Recv implements link.
func (l *shmipcLink) Recv(context.Context, []byte) ([]byte, error) {
	r := l.s.BufferReader()
	r.ReleasePreviousRead()
	head, err := r.ReadBytes(4)
	if err != nil {
		return nil, fmt.Errorf("shmipc-go: %w", err)
	}
	return r.ReadBytes(int(binary.LittleEndian.Uint32(head)))
}
