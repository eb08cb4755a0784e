package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/descartes/regress/bench/peers/internal/conns"
)

// networks are what programs that speak over a net.Conn do so over, with the names in tables.
var networks = []struct{ name, network string }{
	{"net-unix", conns.UnixNet}, {"netconn-shm", conns.ShmNet}, {"grpc-bufconn", conns.BufNet},
}

// connWorks returns what is measured over a net.Conn.
func connWorks() []work {
	return []work{
		{conns.Unary, conns.Size, 1},
		{conns.Stream, conns.Size, 1},
		{conns.Get, conns.Size, 1},
		{conns.Copy, 1 << 20, 1},
	}
}

// nearConn plays the near side of a work of internal/conns, NETWORK KIND SIZE BATCH BUDGET, and
// prints the result.
func nearConn(args []string) error {
	j, err := parseJob(args) // its name is the network's
	if err != nil {
		return err
	}
	d, n, err := j.limits()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/%d.conn", os.TempDir(), os.Getpid())
	defer func() { _ = os.Remove(path) }() // the far process is killed
	got, err := conns.Near(context.Background(), j.kind, j.name, path, d, n, exec.Command(self, "far-conn", j.kind, j.name, path))
	if err != nil {
		return err
	}
	fmt.Println(result{
		n: int64(got.N), ns: int64(got.Took), mallocs: -1,
		p50: int64(got.P50), p95: int64(got.P95), p99: int64(got.P99),
	})
	return nil
}

// farConn plays the far side, KIND NETWORK PATH.
func farConn(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("far-conn wants KIND NETWORK PATH, got %q", args)
	}
	return conns.Far(args[0], args[1], args[2], os.Stdout)
}
