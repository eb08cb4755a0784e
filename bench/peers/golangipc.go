package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	ipc "github.com/james-barrow/golang-ipc"
)

// kind is the type of our messages; negative ones are the library's own.
const kind = 1

// barrow returns james-barrow/golang-ipc. Its server sleeps 2 ms after each message that it
// writes, its client does not: the near process is the client, so that one-way
// traffic goes without the sleep. Round trips cannot.
func barrow() contestant {
	return contestant{
		name: "golang-ipc", trips: true, flows: true,
		near: func(ctx context.Context, _ job, path string, cmd *exec.Cmd) (link, error) {
			if err := cmd.Start(); err != nil {
				return nil, err
			}
			if err := appear(path, 5*time.Second); err != nil {
				return nil, err
			}
			c, err := ipc.StartClient(barrowName(path), &ipc.ClientConfig{})
			if err != nil {
				return nil, err
			}
			return connected(ctx, &barrowLink{c})
		},
		far: func(ctx context.Context, j job, path string) error {
			s, err := ipc.StartServer(barrowName(path), &ipc.ServerConfig{MaxMsgSize: 4 << 20})
			if err != nil {
				return err
			}
			l, err := connected(ctx, &barrowLink{s})
			if err != nil {
				return err
			}
			return serve(ctx, l, j)
		},
	}
}

// barrowName returns the name for which the library uses path as its socket: it puts
// /tmp/ before a name and .sock after it.
func barrowName(path string) string { return ".." + strings.TrimSuffix(path, ".sock") }

// appear waits for a file. A socket listens a moment after it has its name.
func appear(path string, limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			time.Sleep(5 * time.Millisecond)
			return nil
		}
	}
	return errors.New("the far process did not make " + path)
}

// connected waits until the library says so.
func connected(_ context.Context, l *barrowLink) (link, error) {
	for {
		m, err := l.e.Read()
		if err != nil {
			return nil, err
		}
		if m.Status == "Connected" {
			return l, nil
		}
	}
}

type barrowLink struct {
	e interface {
		Read() (*ipc.Message, error)
		Write(kind int, p []byte) error
	}
}

// Send sends a copy: the library writes after Write has returned.
func (l *barrowLink) Send(_ context.Context, p []byte) error {
	return l.e.Write(kind, append([]byte(nil), p...))
}

// Recv implements link.
func (l *barrowLink) Recv(context.Context, []byte) ([]byte, error) {
	for {
		m, err := l.e.Read()
		if err != nil {
			return nil, err
		}
		if m.MsgType == kind {
			return m.Data, nil
		}
		if m.Status == "Disconnected" || m.Status == "Closed" {
			return nil, errors.New("golang-ipc: " + m.Status)
		}
	}
}

// Flush implements link.
func (l *barrowLink) Flush(context.Context) error { return nil }
