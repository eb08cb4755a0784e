package report

import "testing"

func TestValues(t *testing.T) {
	check := func(have, want string) {
		t.Helper()
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check(value(2.4e-7, "sec/op"), "240 ns")
	check(value(9.996e-7, "sec/op"), "1.00 µs") // never 1000 ns
	check(value(9.99e-7, "sec/op"), "999 ns")
	check(value(1.31e-4, "p95-latency-sec"), "131 µs")
	check(value(.0123, "sec/op"), "12.3 ms")
	check(value(75, "sec/op"), "75.0 s")
	check(value(2.5e-10, "sec/op"), "0.25 ns")
	check(value(0, "sec/op"), "0 ns")
	check(value(2.4e-7, "sec/msg"), "240 ns/msg")
	check(value(4096, "B/op"), "4.00 KiB")
	check(value(1023, "B/op"), "1023 B")
	check(value(1.5e9, "B/s"), "1.40 GiB/s") // 1.5e9 / 2^30
	check(value(1.234e6, "msg/s"), "1.23 M msg/s")
	check(value(2, "allocs/op"), "2.00 allocs")
	check(value(.0042, "cpu-share"), "0.42 %")
	check(value(3.7e6, "private-bytes"), "3.53 MiB") // 3.7e6 / 2^20
	check(value(-2.4e-7, "sec/op"), "-240 ns")
	check(exact(4096, "B/op"), "4096 B")
	check(exact(4100, "B/op"), "4100 B")
	check(exact(2, "allocs/op"), "2")
	check(exact(2.5, "allocs/op"), "2.50")
	check(limit(5e6, "private-bytes"), "5 MB")
	check(limit(5<<20, "private-bytes"), "5 MiB")
	check(limit(4<<10, "leak-max-live-bytes"), "4 KiB")
	check(limit(1500, "wire-bytes"), "1.5 kB")
	check(limit(10000, "msg/s"), "10,000 msg/s")
	check(limit(1e-4, "p95-latency-sec"), "100 µs")
	check(limit(.01, "cpu-share"), "1 %")
	check(limit(1, "B/op"), "1 B")
	check(limit(1./3, "sec/op"), "333 ms")

	check(signed(.121), "+12.1 %")
	check(signed(-.083), "-8.3 %")
	check(signed(.0001), "±0.0 %")
	check(signed(-.0001), "±0.0 %")
	check(signed(2.5), "+250 %")
	check(signed(11), "12.0×") // head/base = 1 + 11
	check(percent(.041), "4.1 %")
	check(percent(.05), "5 %")
	check(percent(.153), "15 %")
	check(percent(.0003), "0.03 %")
	check(percentUp(.0104), "1.1 %") // 1.04 % is not less than 1 %
	check(percentUp(.01), "1 %")
	check(percentUp(.1001), "11 %")
	check(percentUp(.0996), "10 %")
	check(percentUp(0), "0 %")
	x := func(v float64) string { return margin(&v) }
	check(x(.999), "0.99×") // a miss never reads as met
	check(x(1.314), "1.31×")
	check(x(1021.7), "1,021×")
	check(x(1e9), "> 1,000,000×")
	check(margin(nil), "")

	check(shorten("abcdefghij", 5), "ab…ij")
	check(shorten("abc", 5), "abc")
	check(shellWord("run.txt"), "run.txt")
	check(shellWord("it's; rm -rf"), `'it'\''s; rm -rf'`)

	check(commonFolder(map[string]bool{"a/b/c": true}), "a/b/c")
	check(commonFolder(map[string]bool{"a/b": true, "a/b/c": true}), "a/")
	check(commonFolder(map[string]bool{"a/x": true, "a/y": true}), "a/")
	check(commonFolder(map[string]bool{"a/x": true, "b/y": true}), "")
	check(commonFolder(map[string]bool{"a/x": true, "": true}), "")
	check(commonFolder(nil), "")
}
