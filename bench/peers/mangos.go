package main

import (
	"context"
	"os/exec"

	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/pair"
	_ "go.nanomsg.org/mangos/v3/transport/ipc" // makes ipc:// known
)

// nanomsg returns a PAIR of mangos over ipc://.
func nanomsg() contestant {
	open := func() (mangos.Socket, error) {
		s, err := pair.NewSocket()
		if err != nil {
			return nil, err
		}
		return s, s.SetOption(mangos.OptionMaxRecvSize, 0) // any
	}
	return contestant{
		name: "mangos", trips: true, flows: true,
		near: func(_ context.Context, _ job, path string, cmd *exec.Cmd) (link, error) {
			s, err := open()
			if err != nil {
				return nil, err
			}
			if err := s.Listen("ipc://" + path); err != nil {
				return nil, err
			}
			return mangosLink{s}, cmd.Start()
		},
		far: func(ctx context.Context, j job, path string) error {
			s, err := open()
			if err != nil {
				return err
			}
			if err := s.Dial("ipc://" + path); err != nil {
				return err
			}
			return serve(ctx, mangosLink{s}, j)
		},
	}
}

type mangosLink struct{ s mangos.Socket }

// Send implements link.
func (l mangosLink) Send(_ context.Context, p []byte) error { return l.s.Send(p) }

// Recv implements link.
func (l mangosLink) Recv(context.Context, []byte) ([]byte, error) { return l.s.Recv() }

// Flush implements link.
func (l mangosLink) Flush(context.Context) error { return nil }
