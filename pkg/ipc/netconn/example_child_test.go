package netconn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/netconn"
	"github.com/descartes/regress/pkg/ipc/pipe"
)

// serveParent is the child's part: a server of one client, with which it ends.
func serveParent() error {
	conn, err := pipe.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	_ = http.Serve(netconn.One(netconn.New(conn, ipc.Pipe)), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s, said the child", r.URL.Path[1:])
	}))
	return nil
}

// A parent is the client of an HTTP server in its child, over the child's stdin and stdout: there
// is no port and no path, and nobody else can connect.
func ExampleOne() {
	if len(os.Args) > 1 && os.Args[1] == "one" {
		if err := serveParent(); err != nil {
			log.Fatal(err)
		}
		return
	}
	child := exec.Command(os.Args[0], "one")
	child.Stderr = os.Stderr
	conn, err := pipe.Spawn(child, ipc.Config{})
	if err != nil {
		log.Fatal(err)
	}
	c := netconn.New(conn, ipc.Pipe)
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return c, nil // there is but one: the client keeps it
	}}}
	for _, word := range []string{"hello", "and again"} {
		response, err := client.Get("http://child/" + word)
		if err != nil {
			log.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", answer)
	}
	client.CloseIdleConnections()
	if err := child.Wait(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello, said the child
	// and again, said the child
}
