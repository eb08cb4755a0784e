package figure

import (
	"strings"
	"testing"
)

func TestFiguresRead(t *testing.T) {
	check := func(have, want string) {
		t.Helper()
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check(Value(2.4e-7, "sec/op"), "240 ns")
	check(Value(9.996e-7, "sec/op"), "1.00 µs") // never 1000 ns
	check(Value(9.99e-7, "sec/op"), "999 ns")
	check(Value(1.31e-4, "p95-latency-sec"), "131 µs")
	check(Value(.0123, "sec/op"), "12.3 ms")
	check(Value(75, "sec/op"), "75.0 s")
	check(Value(2.5e-10, "sec/op"), "0.25 ns")
	check(Value(0, "sec/op"), "0 ns")
	check(Value(2.4e-7, "sec/msg"), "240 ns/msg")
	check(Value(4096, "B/op"), "4.00 KiB")
	check(Value(1023, "B/op"), "1023 B")
	check(Value(1.5e9, "B/s"), "1.40 GiB/s") // 1.5e9 / 2^30
	check(Value(1.234e6, "msg/s"), "1.23 M msg/s")
	check(Value(2, "allocs/op"), "2.00 allocs")
	check(Value(4.56e6, "insn/op"), "4.56 M insn")
	check(Value(1.5, "syscalls/op"), "1.50 syscalls")
	check(Value(.0042, "cpu-share"), "0.42 %")
	check(Value(3.7e6, "private-bytes"), "3.53 MiB") // 3.7e6 / 2^20
	check(Value(-2.4e-7, "sec/op"), "-240 ns")
	check(Exact(4096, "B/op"), "4096 B")
	check(Exact(4100, "B/op"), "4100 B")
	check(Exact(2, "allocs/op"), "2")
	check(Exact(2.5, "allocs/op"), "2.50")
	alike := func(unit string, exact bool, values ...float64) string {
		return strings.Join(Alike(unit, exact, values...), ", ")
	}
	check(alike("sec/op", false, 9.76e-7, 1.2e-6), "0.976 µs, 1.20 µs")
	check(alike("sec/op", false, 9e-6, 3), "0.000009 s, 3.00 s")
	check(alike("B/op", true, 27136.5, 25169), "26.5 KiB, 24.6 KiB") // 25169 / 1024; half a byte is no whole number
	check(alike("B/op", true, 27136, 25169), "27136 B, 25169 B")
	check(alike("B/op", false, 27136, 900), "26.5 KiB, 0.879 KiB")
	check(alike("allocs/op", true, 3, 5), "3, 5")
	check(alike("allocs/op", true, 0, 1200.5), "0 k, 1.20 k")
	check(alike("B/op", true, 2e9, 1000), "1.86 GiB, 9.31e-07 GiB")
	check(alike("sec/op", false, -2e-9, 0), "-2.00 ns, 0 ns")
	check(alike("sec/op", false), "")

	check(Limit(5e6, "private-bytes"), "5 MB")
	check(Limit(5<<20, "private-bytes"), "5 MiB")
	check(Limit(4<<10, "leak-max-live-bytes"), "4 KiB")
	check(Limit(1500, "wire-bytes"), "1.5 kB")
	check(Limit(10000, "msg/s"), "10,000 msg/s")
	check(Limit(1e-4, "p95-latency-sec"), "100 µs")
	check(Limit(.01, "cpu-share"), "1 %")
	check(Limit(1, "B/op"), "1 B")
	check(Limit(1./3, "sec/op"), "333 ms")

	check(Change(.121), "+12.1 %")
	check(Change(-.083), "-8.3 %")
	check(Change(.0001), "±0.0 %")
	check(Change(-.0001), "±0.0 %")
	check(Change(2.5), "+250 %")
	check(Change(11), "12.0×") // head/base = 1 + 11
	check(Percent(.041), "4.1 %")
	check(Percent(.05), "5 %")
	check(Percent(.153), "15 %")
	check(Percent(.0003), "0.03 %")
	check(Percent(.000096), "0.01 %")
	check(Percent(8.4e-8), "0.000008 %")
	check(Percent(-1e-16), "0 %")    // an error of rounding
	check(PercentUp(.0104), "1.1 %") // 1.04 % is not less than 1 %
	check(PercentUp(.01), "1 %")
	check(PercentUp(.1001), "11 %")
	check(PercentUp(.0996), "10 %")
	check(PercentUp(0), "0 %")
	x := func(v float64) string { return Margin(&v) }
	check(x(.999), "0.99×") // a miss never reads as met
	check(x(1.314), "1.31×")
	check(x(1021.7), "1,021×")
	check(x(1e9), "> 1,000,000×")
	check(Margin(nil), "")

	check(Shorten("abcdefghij", 5), "ab…ij")
	check(Shorten("abc", 5), "abc")
}
