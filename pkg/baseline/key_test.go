package baseline_test

import (
	"fmt"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

func TestSplitProcs(t *testing.T) {
	check := func(name, bare string, n int) {
		t.Helper()
		if b, have := baseline.SplitProcs(name); b != bare || have != n {
			t.Errorf("%q: have %q %d, want %q %d", name, b, have, bare, n)
		}
	}
	check("A/b-2", "A/b", 2)
	check("A-16", "A", 16)
	check("-2", "", 2) // func Benchmark
	check("A", "A", 0)
	check("A-", "A-", 0)
	check("A-x2", "A-x2", 0)
	check("A/x-1", "A/x-1", 0)   // testing prints no 1
	check("A/x-08", "A/x-08", 0) // nor a leading zero
	check("A-99999999999999999999", "A-99999999999999999999", 0)
	check("", "", 0)
}

// TestProcsOfARun: a run has every benchmark once for each value of -cpu, so a
// number that few names end in belongs to them.
func TestProcsOfARun(t *testing.T) {
	check := func(want string, names ...string) {
		t.Helper()
		if have := fmt.Sprint([]int(baseline.ProcsOf(names))); have != want {
			t.Errorf("%q: have %s, want %s", names, have, want)
		}
	}
	check("[8]", "A-8", "B/x-8", "B/sha-256-8")
	check("[1]", "A", "B/x")
	check("[1]", "Hash/md5", "Hash/sha-256", "Hash/sha-512")
	check("[1]", "Plain", "Route/net-10", "Route/net-100")
	check("[1]", "Hash/sha-256", "Hash/sha-512", "Route/net-10") // no value was run of both
	check("[1 2 4]", "A", "A-2", "A-4", "B", "B-2", "B-4")
	check("[1 2 4]", "A", "A-2", "A-4", "H/sha-512", "H/sha-512-2", "H/sha-512-4", "B", "B-2", "B-4")
	check("[2 4]", "A-2", "A-4", "B-2", "B-4")
	check("[2 4]", "A-2", "A-4", "B-2", "B-4", "C-2") // C-4 crashed
	check("[1 2]", "A", "A-2", "B", "B-2", "C")
	check("[1]", "Hash/sha-256", "Hash/sha-512") // as -cpu 256,512 would print it, which few ask for of one benchmark
	check("[8]", "Hash/sha-8")
	check("[1 2 4]", "Hash/md5", "Hash/md5-2", "Hash/md5-4", "Hash/sha-256", "Hash/sha-256-2", "Hash/sha-256-4")
	check("[8]", "A-8")
	check("[2 4]", "A-2", "B-4") // shards of two machines
	check("[1 2 4]", "A-1", "A-2", "A-4")
	check("[8]", "Plain-8", "Hash/sha-256", "Hash/sha-512") // as no run prints it
	check("[1]", "A/x-1")
	check("[]")
}

func TestProcsSplit(t *testing.T) {
	check := func(p baseline.Procs, name, bare string, n int) {
		t.Helper()
		if b, have := p.Split(name); b != bare || have != n {
			t.Errorf("%v of %q: have %q %d, want %q %d", p, name, b, have, bare, n)
		}
	}
	check(nil, "H/sha-512", "H/sha", 512)
	check(baseline.Procs{1}, "H/sha-512", "H/sha-512", 1)
	check(baseline.Procs{1, 2}, "H/sha-512-2", "H/sha-512", 2)
	check(baseline.Procs{8}, "A-8", "A", 8)
	check(baseline.Procs{8}, "A", "A", 1)
}
