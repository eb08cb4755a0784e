package conns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/netconn"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// chatStream answers each message with itself, and "wait" not at all.
var chatStream = grpc.StreamDesc{StreamName: "Chat", ClientStreams: true, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
	for {
		m := new(wrapperspb.BytesValue)
		if err := s.RecvMsg(m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if string(m.Value) == "wait" {
			<-s.Context().Done()
			return s.Context().Err()
		}
		if err := s.SendMsg(m); err != nil {
			return err
		}
	}
}}

// chatting returns a server of the service with a chat.
func chatting() *grpc.Server {
	const limit = 16 << 20
	s := grpc.NewServer(grpc.MaxRecvMsgSize(limit), grpc.MaxSendMsgSize(limit))
	d := service
	d.Streams = append(d.Streams[:len(d.Streams):len(d.Streams)], chatStream)
	s.RegisterService(&d, nil)
	return s
}

// serveOver starts s on a network, and returns a client of it.
func serveOver(t *testing.T, network string, s *grpc.Server) *grpc.ClientConn {
	t.Helper()
	l, dialer := over(t, network)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c, err := grpc.NewClient("passthrough:///peer", grpc.WithContextDialer(dialer),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20), grpc.MaxCallSendMsgSize(16<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		s.Stop()
		if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server ended with %v", err)
		}
	})
	return c
}

// over returns a listener on a network and what connects to it.
func over(t *testing.T, network string) (net.Listener, func(context.Context, string) (net.Conn, error)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := netconn.Listen(network, path)
	if err != nil {
		t.Fatal(err)
	}
	return l, func(ctx context.Context, _ string) (net.Conn, error) {
		return netconn.Dialer{}.DialContext(ctx, network, path)
	}
}

// TestGRPC: calls and streams of gRPC, of all sizes and many at once, and with what ends them early,
// run over the transports that have addresses.
func TestGRPC(t *testing.T) {
	for _, m := range transport.All() {
		if m == ipc.Pipe {
			continue
		}
		t.Run(string(m), func(t *testing.T) {
			server := chatting()
			c := serveOver(t, string(m), server)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var all sync.WaitGroup
			for i, n := range []int{0, 1, 64, 5000, 100_000, 8 << 20} {
				all.Go(func() { call(ctx, t, c, bytes.Repeat([]byte{byte(i)}, n)) })
				all.Go(func() { chat(ctx, t, c, bytes.Repeat([]byte{byte(i)}, n), 20) })
			}
			all.Wait()
			givenUp(ctx, t, c)
			server.GracefulStop()
			if err := c.Invoke(ctx, echoMethod, wrapperspb.Bytes(nil), new(wrapperspb.BytesValue)); status.Code(err) != codes.Unavailable {
				t.Errorf("a call of a server that has stopped: %v, want Unavailable", err)
			}
		})
	}
}

// call makes some calls one after another.
func call(ctx context.Context, t *testing.T, c *grpc.ClientConn, p []byte) {
	for range 5 {
		answer := new(wrapperspb.BytesValue)
		if err := c.Invoke(ctx, echoMethod, wrapperspb.Bytes(p), answer); err != nil || !bytes.Equal(answer.Value, p) {
			t.Errorf("a call with %d bytes: %d came back, %v", len(p), len(answer.Value), err)
		}
	}
}

// chat sends n messages on a stream and reads them again meanwhile.
func chat(ctx context.Context, t *testing.T, c *grpc.ClientConn, p []byte, n int) {
	s, err := c.NewStream(ctx, &chatStream, "/conns.Peer/Chat")
	if err != nil {
		t.Error(err)
		return
	}
	go func() {
		for range n {
			if err := s.SendMsg(wrapperspb.Bytes(p)); err != nil {
				t.Error(err)
			}
		}
		_ = s.CloseSend()
	}()
	for i := 0; ; i++ {
		m := new(wrapperspb.BytesValue)
		err := s.RecvMsg(m)
		if errors.Is(err, io.EOF) && i == n {
			return
		}
		if err != nil || !bytes.Equal(m.Value, p) {
			t.Errorf("message %d of %d: %d bytes, want %d: %v", i, n, len(m.Value), len(p), err)
			return
		}
	}
}

// givenUp ends streams early, by a deadline and by hand.
func givenUp(ctx context.Context, t *testing.T, c *grpc.ClientConn) {
	for want, end := range map[codes.Code]func() (context.Context, context.CancelFunc){
		codes.DeadlineExceeded: func() (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 30*time.Millisecond) },
		codes.Canceled: func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(30*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end()
		s, err := c.NewStream(ctx, &chatStream, "/conns.Peer/Chat")
		if err == nil {
			err = s.SendMsg(wrapperspb.Bytes([]byte("wait")))
		}
		if err == nil {
			err = s.RecvMsg(new(wrapperspb.BytesValue))
		}
		if status.Code(err) != want {
			t.Errorf("a stream that is given up: %v, want %v", err, want)
		}
		cancel()
	}
}

// Example is a server and a client of gRPC over shared memory. The two lines with netconn are what
// changes in a program that speaks over a Unix socket.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "peer")

	l, err := netconn.Listen("shm", path) // was: net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&service, nil)
	go func() { _ = server.Serve(l) }()
	defer server.Stop()

	client, err := grpc.NewClient("passthrough:///"+path, grpc.WithTransportCredentials(insecure.NewCredentials()), // was: "unix:"+path
		grpc.WithContextDialer(func(ctx context.Context, path string) (net.Conn, error) {
			return netconn.Dialer{}.DialContext(ctx, "shm", path)
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	answer := new(wrapperspb.BytesValue)
	if err := client.Invoke(context.Background(), echoMethod, wrapperspb.Bytes([]byte("hello")), answer); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", answer.Value)
	// Output: hello
}
