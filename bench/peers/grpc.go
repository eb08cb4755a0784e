package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// raw is a codec that takes bytes as they are, so that what is measured is gRPC and
// not protobuf. Messages are *[]byte; a received one is copied into the array it
// points to if it fits.
type raw struct{}

// Name implements encoding.Codec.
func (raw) Name() string { return "raw" }

// Marshal implements encoding.Codec.
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	p, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("raw codec: %T is not *[]byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*p)}, nil
}

// Unmarshal implements encoding.Codec.
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	p, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("raw codec: %T is not *[]byte", v)
	}
	n := data.Len()
	if n > cap(*p) {
		*p = make([]byte, n)
	}
	*p = (*p)[:n]
	data.CopyTo(*p)
	return nil
}

const (
	grpcUnary  = "/peers.Peer/Unary"
	grpcStream = "/peers.Peer/Stream"
	grpcLimit  = 4 << 20 // above the largest message
)

// grpcService returns what protoc would have written, with j as the handlers' job.
func grpcService(j job) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "peers.Peer",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Unary",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				p := make([]byte, 0, j.size)
				return &p, decode(&p)
			},
		}},
		Streams: []grpc.StreamDesc{{
			StreamName: "Stream", ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, s grpc.ServerStream) error {
				return serve(s.Context(), &grpcLink{s}, j)
			},
		}},
	}
}

// grpcServe plays the far side with gRPC.
func grpcServe(_ context.Context, j job, path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	s := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.MaxRecvMsgSize(grpcLimit), grpc.MaxSendMsgSize(grpcLimit))
	s.RegisterService(grpcService(j), nil)
	return s.Serve(l)
}

// grpcDial starts the server and connects to it as soon as it listens.
func grpcDial(path string, cmd *exec.Cmd) (*grpc.ClientConn, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		for {
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
			if err == nil || ctx.Err() != nil {
				return conn, err
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	return grpc.NewClient("passthrough:///peer", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw{}), grpc.MaxCallRecvMsgSize(grpcLimit), grpc.MaxCallSendMsgSize(grpcLimit)))
}

// grpcStreams returns one bidirectional stream.
func grpcStreams() contestant {
	return contestant{
		name: "grpc-stream", trips: true, flows: true,
		near: func(ctx context.Context, j job, path string, cmd *exec.Cmd) (link, error) {
			cc, err := grpcDial(path, cmd)
			if err != nil {
				return nil, err
			}
			s, err := cc.NewStream(ctx, &grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}, grpcStream)
			if err != nil {
				return nil, err
			}
			return &grpcLink{s}, nil
		},
		far: grpcServe,
	}
}

// grpcLink is either end of a stream.
type grpcLink struct {
	s interface {
		SendMsg(any) error
		RecvMsg(any) error
	}
}

// Send sends a copy: SendMsg may return before the bytes are on the socket, and forbids changing
// them.
func (l *grpcLink) Send(_ context.Context, p []byte) error {
	p = append([]byte(nil), p...)
	return l.s.SendMsg(&p)
}

// Recv implements link.
func (l *grpcLink) Recv(_ context.Context, buf []byte) ([]byte, error) {
	err := l.s.RecvMsg(&buf)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the stream ended")
	}
	return buf, err
}

// Flush implements link.
func (l *grpcLink) Flush(context.Context) error { return nil }

// grpcCalls returns unary calls, one after another. One way, a call is a round trip
// too, so only trips are measured.
func grpcCalls() contestant {
	return contestant{
		name: "grpc-unary", trips: true,
		near: func(_ context.Context, _ job, path string, cmd *exec.Cmd) (link, error) {
			cc, err := grpcDial(path, cmd)
			if err != nil {
				return nil, err
			}
			return &callLink{cc: cc}, nil
		},
		far: grpcServe,
	}
}

// callLink makes the call in Send, whose answer Recv returns.
type callLink struct {
	cc     *grpc.ClientConn
	answer []byte
}

// Send implements link.
func (l *callLink) Send(ctx context.Context, p []byte) error {
	return l.cc.Invoke(ctx, grpcUnary, &p, &l.answer)
}

// Recv implements link.
func (l *callLink) Recv(context.Context, []byte) ([]byte, error) { return l.answer, nil }

// Flush implements link.
func (l *callLink) Flush(context.Context) error { return nil }
