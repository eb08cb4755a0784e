package conns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The methods of the service.
const (
	echoMethod  = "/conns.Peer/Echo"
	countMethod = "/conns.Peer/Count"
)

// countStream is a stream of messages, answered by their number once the client has closed it.
var countStream = grpc.StreamDesc{StreamName: "Count", ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
	var m wrapperspb.BytesValue
	for n := uint64(0); ; n++ {
		err := s.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			return s.SendMsg(wrapperspb.UInt64(n))
		}
		if err != nil {
			return err
		}
		if len(m.Value) != Size {
			return fmt.Errorf("message %d has %d bytes, want %d", n, len(m.Value), Size)
		}
	}
}}

// service is what protoc would have written.
var service = grpc.ServiceDesc{
	ServiceName: "conns.Peer",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			m := new(wrapperspb.BytesValue)
			return m, decode(m)
		},
	}},
	Streams: []grpc.StreamDesc{countStream},
}

// newServer returns a server of the service, with gRPC's defaults.
func newServer() *grpc.Server {
	s := grpc.NewServer()
	s.RegisterService(&service, nil)
	return s
}

// serveGRPC serves l.
func serveGRPC(l net.Listener) error { return newServer().Serve(l) }

// connect returns a client with gRPC's defaults, and on bufconn the server in this process.
func connect(network, path string) (*grpc.ClientConn, func(), error) {
	dialer := func(ctx context.Context, path string) (net.Conn, error) { return dial(ctx, network, path) }
	stop := func() {}
	if network == BufNet {
		l := bufconn.Listen(1 << 20)
		s := newServer()
		go func() { _ = s.Serve(l) }()
		dialer = func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }
		stop = s.Stop
	}
	c, err := grpc.NewClient("passthrough:///"+path, grpc.WithContextDialer(dialer), grpc.WithTransportCredentials(insecure.NewCredentials()))
	return c, func() { _ = c.Close(); stop() }, err
}

// measureUnary times calls, one after another.
func measureUnary(ctx context.Context, network, path string, b budget) (Result, error) {
	c, end, err := connect(network, path)
	if err != nil {
		return Result{}, err
	}
	defer end()
	question, answer := wrapperspb.Bytes(make([]byte, Size)), new(wrapperspb.BytesValue)
	return timeEach(b, func() error {
		if err := c.Invoke(ctx, echoMethod, question, answer); err != nil {
			return err
		}
		if len(answer.Value) != Size {
			return fmt.Errorf("an answer of %d bytes, want %d", len(answer.Value), Size)
		}
		return nil
	})
}

// measureStream sends messages on one stream, until the far side has said how many it got.
func measureStream(ctx context.Context, network, path string, b budget) (Result, error) {
	c, end, err := connect(network, path)
	if err != nil {
		return Result{}, err
	}
	defer end()
	if b.d > 0 {
		if _, err := pour(ctx, c, budget{d: min(warm, b.d/3)}); err != nil {
			return Result{}, err
		}
	}
	return pour(ctx, c, b)
}

// pour sends messages on a stream of c.
func pour(ctx context.Context, c *grpc.ClientConn, b budget) (r Result, err error) {
	s, err := c.NewStream(ctx, &countStream, countMethod)
	if err != nil {
		return r, err
	}
	m := wrapperspb.Bytes(make([]byte, Size))
	start := time.Now()
	for {
		if err := s.SendMsg(m); err != nil {
			return r, err
		}
		if r.N++; b.n > 0 || r.N%64 == 0 {
			if b.spent(start, r.N) {
				break
			}
		}
	}
	var got wrapperspb.UInt64Value
	if err := errors.Join(s.CloseSend(), s.RecvMsg(&got)); err != nil {
		return r, err
	}
	if got.Value != uint64(r.N) {
		return r, fmt.Errorf("%d messages were sent, %d arrived", r.N, got.Value)
	}
	r.Took = time.Since(start)
	return r, nil
}
