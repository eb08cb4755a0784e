package main

import (
	"context"
	"os/exec"

	"github.com/go-zeromq/zmq4"
)

// zmq returns a PAIR of go-zeromq/zmq4 over ipc://.
func zmq() contestant {
	return contestant{
		name: "go-zeromq", trips: true, flows: true,
		near: func(ctx context.Context, _ job, path string, cmd *exec.Cmd) (link, error) {
			s := zmq4.NewPair(ctx)
			if err := s.Listen("ipc://" + path); err != nil {
				return nil, err
			}
			return zmqLink{s}, cmd.Start()
		},
		far: func(ctx context.Context, j job, path string) error {
			s := zmq4.NewPair(ctx)
			if err := s.Dial("ipc://" + path); err != nil {
				return err
			}
			return serve(ctx, zmqLink{s}, j)
		},
	}
}

type zmqLink struct{ s zmq4.Socket }

// Send implements link.
func (l zmqLink) Send(_ context.Context, p []byte) error { return l.s.Send(zmq4.NewMsg(p)) }

// Recv implements link.
func (l zmqLink) Recv(context.Context, []byte) ([]byte, error) {
	m, err := l.s.Recv()
	if err != nil {
		return nil, err
	}
	return m.Frames[0], nil
}

// Flush implements link.
func (l zmqLink) Flush(context.Context) error { return nil }
