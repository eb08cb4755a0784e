package netconn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/descartes/regress/pkg/ipc/netconn"
)

// A server and a client of net/http over shared memory. Elsewhere the two are two processes, and
// the lines with netconn are all that tells them from such over a Unix socket.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "greeter")

	l, err := netconn.Listen("shm", path) // was: net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello, %s", r.URL.Path[1:])
	})}
	go func() { _ = server.Serve(l) }()

	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return netconn.Dialer{}.DialContext(ctx, "shm", path) // was: net.Dialer{} and "unix"
	}}}
	response, err := client.Get("http://greeter/world")
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello, world
}
