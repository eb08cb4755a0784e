package config

import (
	"math"
	"testing"
)

func TestQuantity(t *testing.T) {
	check := func(v any, unit string, want float64) {
		t.Helper()
		have, err := quantity(v, unit)
		if err != nil || math.Abs(have/want-1) > 1e-12 {
			t.Errorf("%v %s: have %v, %v, want %v", v, unit, have, err, want)
		}
	}
	check("10ms", "ns/op", .01)
	check("10 ms", "sec/op", .01)
	check("100µs", "p95-latency-ns", 1e-4)  // micro sign
	check("100μs", "p95-latency-ns", 1e-4)  // Greek mu
	check("100us", "p95-latency-sec", 1e-4) // ASCII
	check(int64(100), "p95-latency-ns", 100e-9)
	check("100", "p95-latency-ns", 100e-9)
	check("10000", "msg/s", 1e4)
	check("10_000", "msg/s", 1e4)
	check("10k", "msg/s", 1e4)
	check("1.5M", "msg/s", 1.5e6)
	check("5MB", "private-bytes", 5e6)
	check("5MiB", "rss-bytes", 5*1024*1024)
	check("500MB/s", "MB/s", 5e8)
	check(int64(500), "MB/s", 5e8)
	check("1%", "cpu-share", .01)
	check(.01, "cpu-share", .01)

	refuse := func(v any, unit string) {
		t.Helper()
		if have, err := quantity(v, unit); err == nil {
			t.Errorf("%v %s: read as %v", v, unit, have)
		}
	}
	refuse("10ms", "B/op")
	refuse("5MB", "ns/op")
	refuse("1%", "msg/s")
	refuse("1k", "ns/op")
	refuse("fast", "ns/op")
	refuse("", "ns/op")
	refuse("-1ms", "ns/op")
	refuse("0", "ns/op")
	refuse("5MB/op", "MB/s")
	refuse(math.NaN(), "ns/op")
	refuse(math.Inf(1), "ns/op")
	refuse(true, "ns/op")
}
