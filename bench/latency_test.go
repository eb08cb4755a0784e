package bench

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/descartes/regress/pkg/ipc"
)

// BenchmarkPingPong sends a message to the peer and waits for its return. An
// operation is one round trip, and its time includes one reading of the clock,
// which is what BenchmarkClock measures. Rates are of messages and bytes both ways.
func BenchmarkPingPong(b *testing.B) {
	for _, mechanism := range mechanisms() {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("transport=%s/size=%s", mechanism, sizeName(size)), func(b *testing.B) {
				pingPong(b, mechanism, size)
			})
		}
	}
}

// BenchmarkClock is what reading the clock adds to every round trip.
func BenchmarkClock(b *testing.B) {
	for b.Loop() {
		_ = time.Now()
	}
}

func pingPong(b *testing.B, mechanism ipc.Mechanism, size int) {
	conn, _ := peer(b, "echo", config(mechanism))
	ctx, cancel := bounded(b)
	defer cancel()
	message, answer := make([]byte, size), make([]byte, size)
	number := uint64(0)
	trip := func() {
		number++
		stamp(message, number)
		if err := conn.Send(ctx, message); err != nil {
			b.Fatal(err)
		}
		var err error
		if answer, err = conn.Recv(ctx, answer); err != nil {
			b.Fatal(err)
		}
		if err := stamped(answer, number); err != nil {
			b.Fatal(err)
		}
	}
	for range 100 {
		trip()
	}
	times := timed(b, trip)
	reportRate(b, 2*b.N, 2*b.N*size)
	reportLatency(b, times)
}

// timed runs the loop of a benchmark and keeps the duration of every operation,
// one reading of the clock included.
func timed(b *testing.B, operation func()) *hdrhistogram.Histogram {
	times := histogram()
	b.ReportAllocs()
	var last time.Time
	for b.Loop() {
		if last.IsZero() { // after Loop has reset its timer, which stops the world
			last = time.Now()
		}
		operation()
		now := time.Now()
		record(b, times, now.Sub(last))
		last = now
	}
	return times
}

// histogram keeps durations from 1 ns to a minute to three significant digits.
func histogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Minute), 3)
}

func record(b *testing.B, h *hdrhistogram.Histogram, d time.Duration) {
	if err := h.RecordValue(int64(d)); err != nil {
		b.Fatalf("a duration of %v: %v", d, err)
	}
}

func reportLatency(b *testing.B, h *hdrhistogram.Histogram) {
	for _, p := range []float64{50, 95, 99} {
		b.ReportMetric(float64(h.ValueAtQuantile(p)), fmt.Sprintf("p%g-latency-ns", p))
	}
}

// echo returns every message.
func echo(ctx context.Context, conn ipc.Conn) error {
	var message []byte
	for {
		var err error
		message, err = conn.Recv(ctx, message)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := conn.Send(ctx, message); err != nil {
			return err
		}
	}
}
