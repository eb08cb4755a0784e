// Package conns measures programs that speak over a net.Conn: gRPC, net/http and io.Copy, over
// package netconn, beside the same over a Unix socket. What gRPC costs by itself is that over its
// own bufconn, with both sides in one process. All have the defaults of their libraries.
package conns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/ipc/netconn"
)

// The networks.
const (
	UnixNet = "unix"    // package net
	ShmNet  = "shm"     // package netconn
	BufNet  = "bufconn" // gRPC's own, in one process
)

// listen listens at path.
func listen(network, path string) (net.Listener, error) {
	if network == UnixNet {
		return net.Listen(network, path)
	}
	return netconn.Listen(network, path)
}

// dial connects to path.
func dial(ctx context.Context, network, path string) (net.Conn, error) {
	if network == UnixNet {
		return (&net.Dialer{}).DialContext(ctx, network, path)
	}
	return netconn.Dialer{}.DialContext(ctx, network, path)
}

// budget ends a measurement, by its time or, in tests, by a number of operations.
type budget struct {
	d time.Duration
	n int
}

// spent reports whether n operations since start have used the budget up.
func (b budget) spent(start time.Time, n int) bool {
	if b.n > 0 {
		return n >= b.n
	}
	return time.Since(start) >= b.d
}

// The kinds of work.
const (
	Unary  = "unary"  // calls of gRPC, one after another
	Stream = "stream" // messages on a stream of gRPC
	Get    = "get"    // GETs of net/http over a kept connection
	Copy   = "copy"   // io.Copy, in MiB
)

// work is what one measurement does.
type work struct {
	networks []string
	// serve is the far process's part: it serves l until it is killed.
	serve func(l net.Listener) error
	// measure is the near process's part.
	measure func(ctx context.Context, network, path string, b budget) (Result, error)
}

// works returns everything that is measured, by its kind.
func works() map[string]work {
	return map[string]work{
		Unary:  {[]string{UnixNet, ShmNet, BufNet}, serveGRPC, measureUnary},
		Stream: {[]string{UnixNet, ShmNet, BufNet}, serveGRPC, measureStream},
		Get:    {[]string{UnixNet, ShmNet}, serveHTTP, measureGet},
		Copy:   {[]string{UnixNet, ShmNet}, serveCopy, measureCopy},
	}
}

// Plays reports whether a kind of work is done on a network.
func Plays(kind, network string) bool { return slices.Contains(works()[kind].networks, network) }

// Result is what was measured: n operations, messages or MiB in all, and of each of those that are
// timed one by one how long half, 95 and 99 % of them took.
type Result struct {
	N             int
	Took          time.Duration
	P50, P95, P99 time.Duration
}

// Size is the bytes of a message, of a request's answer too.
const Size = 64

// warm is for how long a measurement runs ahead of the clock, at most a third of its time.
const warm = 50 * time.Millisecond

// timeEach times calls of f, after some that do not count.
func timeEach(b budget, f func() error) (Result, error) {
	if b.d > 0 {
		for start := time.Now(); time.Since(start) < min(warm, b.d/3); {
			if err := f(); err != nil {
				return Result{}, err
			}
		}
	}
	var all []time.Duration
	start := time.Now()
	for len(all) == 0 || !b.spent(start, len(all)) {
		t := time.Now()
		if err := f(); err != nil {
			return Result{}, err
		}
		all = append(all, time.Since(t))
	}
	r := Result{N: len(all), Took: time.Since(start)}
	slices.Sort(all)
	r.P50, r.P95, r.P99 = all[r.N/2], all[r.N*95/100], all[r.N*99/100]
	return r, nil
}

// serveHTTP answers each GET with Size bytes.
func serveHTTP(l net.Listener) error {
	answer := make([]byte, Size)
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
}

// measureGet times GETs over one connection that is kept.
func measureGet(ctx context.Context, network, path string, b budget) (Result, error) {
	dials := 0
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		dials++
		return dial(ctx, network, path)
	}}}
	answer := make([]byte, Size+1)
	took, err := timeEach(b, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://peer/", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		n, err := io.ReadFull(resp.Body, answer)
		if n != Size || !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("an answer of %d bytes, want %d: %w", n, Size, err)
		}
		return resp.Body.Close()
	})
	if err == nil && dials != 1 {
		err = fmt.Errorf("%d connections, want one that is kept", dials)
	}
	return took, err
}

// plain hides every method but Write, so that io.Copy copies through a buffer of its own.
type plain struct{ io.Writer }

// serveCopy takes all bytes of each connection and answers with their number.
func serveCopy(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		n, err := io.Copy(plain{io.Discard}, c)
		if err == nil {
			_, err = c.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
		}
		if err := errors.Join(err, c.Close()); err != nil {
			return err
		}
	}
}

// zeros is a source of bytes.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// copied is how many MiB a measurement of io.Copy moves.
const copied = 1024

// measureCopy copies 1 GiB by io.Copy, until the far side has said that it has it.
func measureCopy(ctx context.Context, network, path string, b budget) (Result, error) {
	r := Result{N: copied}
	if b.n > 0 {
		r.N = b.n
	}
	want := int64(r.N) << 20
	c, err := dial(ctx, network, path)
	if err != nil {
		return r, err
	}
	defer func() { _ = c.Close() }()
	start := time.Now()
	if _, err := io.Copy(plain{c}, io.LimitReader(zeros{}, want)); err != nil {
		return r, err
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return r, err
	}
	var answer [8]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return r, fmt.Errorf("wait for the far side's count: %w", err)
	}
	r.Took = time.Since(start)
	if got := binary.LittleEndian.Uint64(answer[:]); got != uint64(want) {
		return r, fmt.Errorf("%d bytes were written, %d arrived", want, got)
	}
	return r, nil
}
