package eventlog_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc/eventlog"
)

// BenchmarkAppend appends one event after another.
func BenchmarkAppend(b *testing.B) {
	for _, d := range []eventlog.Durability{eventlog.SyncNever, eventlog.SyncPeriodic, eventlog.SyncEach} {
		for _, size := range []int{64, 1024} {
			b.Run(fmt.Sprintf("durability=%v/size=%dB", d, size), func(b *testing.B) {
				log := open(b, d)
				ctx, data := context.Background(), make([]byte, size)
				took := make([]time.Duration, 0, 1<<20)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					begin := time.Now()
					if _, err := log.Append(ctx, data); err != nil {
						b.Fatal(err)
					}
					if len(took) < cap(took) {
						took = append(took, time.Since(begin))
					}
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2]), "p50-latency-ns")
				b.ReportMetric(float64(took[len(took)*99/100]), "p99-latency-ns")
			})
		}
	}
}

// BenchmarkAppendTogether appends from 16 goroutines, who share writes and syncs.
func BenchmarkAppendTogether(b *testing.B) {
	for _, d := range []eventlog.Durability{eventlog.SyncNever, eventlog.SyncPeriodic, eventlog.SyncEach} {
		b.Run(fmt.Sprintf("durability=%v/size=64B", d), func(b *testing.B) {
			log := open(b, d)
			b.SetParallelism(8) // for each of GOMAXPROCS
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				data := make([]byte, 64)
				for pb.Next() {
					if _, err := log.Append(context.Background(), data); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func open(b *testing.B, d eventlog.Durability) *eventlog.Log {
	b.Helper()
	log, err := eventlog.Open(filepath.Join(b.TempDir(), "log"), eventlog.Options{Durability: d})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	return log
}

// BenchmarkRead reads a log of 10,000 events of 256 bytes.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "log")
	data := slices.Repeat([]string{string(make([]byte, 256))}, 10_000)
	b.SetBytes(int64(len(write(b, path, data...))))
	for b.Loop() {
		n := 0
		for _, err := range eventlog.Read(path) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(data) {
			b.Fatalf("%d events; want %d", n, len(data))
		}
	}
}
