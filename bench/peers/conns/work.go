package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/ipc/netconn"
)

// The networks.
const (
	unixNet = "unix"    // package net
	shmNet  = "shm"     // package netconn
	bufNet  = "bufconn" // gRPC's own, in one process
)

// listen listens at path.
func listen(network, path string) (net.Listener, error) {
	if network == unixNet {
		return net.Listen(network, path)
	}
	return netconn.Listen(network, path)
}

// dial connects to path.
func dial(ctx context.Context, network, path string) (net.Conn, error) {
	if network == unixNet {
		return (&net.Dialer{}).DialContext(ctx, network, path)
	}
	return netconn.Dialer{}.DialContext(ctx, network, path)
}

// budget ends a measurement, by its time or, in tests, by a number.
type budget struct {
	d time.Duration
	n int
}

// parseBudget reads "0.3", seconds, or "100x", as many operations, for io.Copy as many bytes.
func parseBudget(s string) (budget, error) {
	if times, ok := strings.CutSuffix(s, "x"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return budget{}, fmt.Errorf("budget %q: want a number before the x", s)
		}
		return budget{n: n}, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= .001 && f <= 60) { // not NaN either
		return budget{}, fmt.Errorf("budget %q: want .001 to 60 seconds, or a number as in 100x", s)
	}
	return budget{d: time.Duration(f * float64(time.Second))}, nil
}

// spent reports whether n operations since start have used the budget up.
func (b budget) spent(start time.Time, n int) bool {
	if b.n > 0 {
		return n >= b.n
	}
	return time.Since(start) >= b.d
}

// work is what one measurement does.
type work struct {
	name     string
	networks []string
	unit     string // of its figure
	// serve is the far process's part: it serves l until it is killed.
	serve func(l net.Listener) error
	// measure is the near process's part. It returns the figure.
	measure func(ctx context.Context, network, path string, b budget) (float64, error)
}

// works returns everything that is measured.
func works() []work {
	return []work{
		{"unary", []string{unixNet, shmNet, bufNet}, "µs", serveGRPC, measureUnary},
		{"stream", []string{unixNet, shmNet, bufNet}, "M/s", serveGRPC, measureStream},
		{"get", []string{unixNet, shmNet}, "µs", serveHTTP, measureGet},
		{"copy", []string{unixNet, shmNet}, "GB/s", serveCopy, measureCopy},
	}
}

// find returns the work of that name.
func find(name string) (work, error) {
	for _, w := range works() {
		if w.name == name {
			return w, nil
		}
	}
	return work{}, fmt.Errorf("no work %q", name)
}

// size is the bytes of a message, of a request's answer too.
const size = 64

// warm is for how long a measurement runs ahead of the clock, at most a third of its time.
const warm = 50 * time.Millisecond

// timeEach returns the median time, in µs, of calls of f, after some that do not count.
func timeEach(b budget, f func() error) (float64, error) {
	if b.d > 0 {
		for start := time.Now(); time.Since(start) < min(warm, b.d/3); {
			if err := f(); err != nil {
				return 0, err
			}
		}
	}
	var all []time.Duration
	for start := time.Now(); ; {
		t := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		all = append(all, time.Since(t))
		if b.spent(start, len(all)) {
			break
		}
	}
	slices.Sort(all)
	return float64(all[len(all)/2]) / 1e3, nil
}

// serveHTTP answers each GET with size bytes.
func serveHTTP(l net.Listener) error {
	answer := make([]byte, size)
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
}

// measureGet times GETs over one connection that is kept.
func measureGet(ctx context.Context, network, path string, b budget) (float64, error) {
	dials := 0
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		dials++
		return dial(ctx, network, path)
	}}}
	answer := make([]byte, size+1)
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
		if n != size || !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("an answer of %d bytes, want %d: %w", n, size, err)
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

// copied is how many bytes a measurement of io.Copy moves.
const copied = 1 << 30

// measureCopy copies 1 GiB by io.Copy, and returns GB/s until the far side has said that it has
// them.
func measureCopy(ctx context.Context, network, path string, b budget) (float64, error) {
	want := int64(copied)
	if b.n > 0 {
		want = int64(b.n)
	}
	c, err := dial(ctx, network, path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	start := time.Now()
	if _, err := io.Copy(plain{c}, io.LimitReader(zeros{}, want)); err != nil {
		return 0, err
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return 0, err
	}
	var answer [8]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return 0, fmt.Errorf("wait for the far side's count: %w", err)
	}
	took := time.Since(start)
	if got := binary.LittleEndian.Uint64(answer[:]); got != uint64(want) {
		return 0, fmt.Errorf("%d bytes were written, %d arrived", want, got)
	}
	return float64(want) / took.Seconds() / 1e9, nil
}
