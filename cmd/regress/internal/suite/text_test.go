package suite

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestFunctionLevel(t *testing.T) {
	t.Parallel()
	check := func(pattern, function string, want bool) {
		t.Helper()
		re, err := FunctionLevel(pattern)
		if err != nil {
			t.Errorf("FunctionLevel(%q): %v", pattern, err)
		} else if re.MatchString(function) != want {
			t.Errorf("pattern %q selects %s: %v, want %v", pattern, function, !want, want)
		}
	}
	check("", "BenchmarkA", true)
	check(".", "BenchmarkA", true)
	check("^BenchmarkA$/size=1|^BenchmarkB$", "BenchmarkA", true)
	check("^BenchmarkA$/size=1|^BenchmarkB$", "BenchmarkB", true)
	check("^BenchmarkA$/size=1|^BenchmarkB$", "BenchmarkSize=1", false)
	check("A/x|y/B", "BenchmarkB", false)             // B is the second level of y
	check("^Benchmark(A|B/C)$", "BenchmarkA", true)   // brackets hide both
	check("^Benchmark[/|]A", "BenchmarkA", false)     // a class of two characters
	check(`^Benchmark\(A`, "BenchmarkA", false)       // an escaped bracket opens nothing
	check(`^Benchmark\(/A|Other`, "BenchOther", true) // so that bar and slash count
	for _, bad := range []string{"(", "[", "a)", "*"} {
		if _, err := FunctionLevel(bad); err == nil {
			t.Errorf("FunctionLevel(%q): no error", bad)
		}
	}
}

func TestParseLine(t *testing.T) {
	t.Parallel()
	check := func(line, name string, ns float64, ok, broken bool) {
		t.Helper()
		p, isOK, isBroken := ParseLine(line)
		if isOK != ok || isBroken != broken || (ok && (p.Name != name || p.NsPerOp != ns)) {
			t.Errorf("ParseLine(%q) = %+v, %v, %v", line, p, isOK, isBroken)
		}
	}
	check("BenchmarkA-2   \t 100\t 12.5 ns/op\t 3 B/op", "A-2", 12.5, true, false)
	check("BenchmarkA/b=c 1 2 msg/s", "A/b=c", 0, true, false)
	check("BenchmarkA", "", 0, false, false)              // the name alone, as -v prints it
	check("Benchmark 1 2 ns/op", "", 0, false, false)     // no name
	check("BenchmarkA-2 logged this", "", 0, false, true) // a log line ran into it
	check("BenchmarkA-2 100 12.5", "", 0, false, true)    // cut
	check("BenchmarkA-2 100 12.5 ns/op 7", "", 0, false, true)
	check("BenchmarkA-2 0 12.5 ns/op", "", 0, false, true)
	check("PASS", "", 0, false, false)
}

func FuzzParseLine(f *testing.F) {
	f.Add("BenchmarkA-2   \t 100\t 12.5 ns/op")
	f.Add("BenchmarkA-2 logged this")
	f.Add("Unit x better=lower")
	f.Fuzz(func(t *testing.T, line string) {
		p, ok, broken := ParseLine(line)
		if ok && broken {
			t.Fatal("both a result and broken")
		}
		if ok && !strings.HasPrefix(strings.TrimSpace(line), "Benchmark"+p.Name) {
			t.Fatalf("%q has not the name %q", line, p.Name)
		}
		short, procs := SplitProcs(p.Name)
		if !strings.HasPrefix(p.Name, short) || procs < 1 {
			t.Fatalf("SplitProcs(%q) = %q, %d", p.Name, short, procs)
		}
		// exactly is one element a level, and each matches its own element alone.
		for i, part := range strings.Split(p.Name, "/") {
			re := regexp.MustCompile(strings.Split(Exactly(p.Name), "$/")[i] + map[bool]string{true: "$"}[i < strings.Count(p.Name, "/")])
			if !re.MatchString(part) || re.MatchString(part+"x") {
				t.Fatalf("element %d of %q: %s", i, p.Name, re)
			}
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	var got []string
	l := &lines{each: func(s string) { got = append(got, s) }}
	for _, chunk := range []string{"one\ntw", "o\r\n", "\n", strings.Repeat("x", longest), strings.Repeat("y", longest) + "\nlast"} {
		if n, err := l.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	l.close()
	want := []string{"one", "two", "", strings.Repeat("x", longest), "last"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%d lines, lengths of the fourth %d", len(got), len(got[3]))
	}
}

func TestComplaint(t *testing.T) {
	t.Parallel()
	check := func(want string, said ...string) {
		t.Helper()
		var c complaint
		for _, s := range said {
			c.line(s)
		}
		if got := c.summary(errors.New("exit status 2")); got != want {
			t.Errorf("%q\ngives %q, want %q", said, got, want)
		}
	}
	check("panic: ouch (exit status 2)", "goos: linux", "panic: ouch", "goroutine 1 [running]:", "\t/x.go:9", "exit status 2")
	check("x_test.go:5: boom (exit status 2)", "BenchmarkA", "    x_test.go:5: boom", "--- FAIL: BenchmarkA", "FAIL")
	check("cannot open shm (exit status 2)", "BenchmarkA-2", "cannot open shm")
	check("exit status 2", "BenchmarkA-2 \t 1 \t 3 ns/op", "PASS")
	check("exit status 2")
	// What a benchmark before it said is not its reason.
	check("panic: two (exit status 2)", "x_test.go:5: one", "--- FAIL: BenchmarkA", "=== RUN   BenchmarkB", "panic: two")
	check("exit status 2", "x_test.go:5: one", "--- FAIL: BenchmarkA", "=== RUN   BenchmarkB")
}
