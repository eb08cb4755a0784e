package count

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// stacksOf counts one benchmark of a binary by stacks.
func stacksOf(t *testing.T, c *Counter, binary, name string, n int) (Profile, Counted) {
	t.Helper()
	p, err := c.StackProbe(binary)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^$", "-test.bench=^Benchmark"+name+"$", fmt.Sprintf("-test.benchtime=%dx", n))
	child.Group(cmd)
	p.Before(cmd)
	out, err := cmd.CombinedOutput()
	p.After(cmd.ProcessState)
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	profile, err := p.Profile()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	counted, err := p.Result()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return profile, counted
}

// TestStacks: instructions are told apart by the calls that they are under, whatever becomes of
// the stack meanwhile.
func TestStacks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	c := counter(t)
	text, err := os.ReadFile("testdata/stacks/stacks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "stacks.test")
	if err := buildTest(t.Context(), map[string]string{"go.mod": "module selftest\n\ngo 1.25\n", "stacks_test.go": string(text)}, binary); err != nil {
		t.Fatal(err)
	}
	const n = 20
	measured := func(name string) map[string]float64 {
		profile, counted := stacksOf(t, c, binary, name, n)
		under := map[string]float64{}
		all := 0.
		for _, s := range profile.Stacks {
			var path []string
			for _, f := range slices.Backward(s.Frames) {
				if short, ok := strings.CutPrefix(f.Function, "selftest."); ok {
					path = append(path, short)
				}
			}
			under[strings.Join(path, " ")] += float64(s.Instructions) / n
			all += float64(s.Instructions)
		}
		if off := all/float64(counted.Instructions) - 1; off < -.02 || off > .02 {
			t.Errorf("%s: stacks have %.0f instructions, the program %d", name, all, counted.Instructions)
		}
		for _, call := range profile.Calls {
			under[call.From+" calls "+call.To] = float64(call.Calls) / n
		}
		return under
	}
	calls := measured("Calls")
	spin, inlined := calls["BenchmarkCalls first spin"], calls["BenchmarkCalls second inlined"]
	if spin < 30_000 || inlined < 60_000 {
		t.Fatalf("loops of 10,000 and 20,000 iterations: %v", calls)
	}
	check := func(name string, want map[string]float64) {
		t.Helper()
		under := measured(name)
		for path, instructions := range want {
			if got := under[path]; got < .98*instructions || got > 1.02*instructions {
				t.Errorf("%s: %.0f instructions under %q, want %.0f; all: %v", name, got, path, instructions, under)
			}
		}
	}
	check("Calls", map[string]float64{"BenchmarkCalls second spin": 3 * spin, "selftest.second calls selftest.spin": 1})
	// A recursion is on its stack once more at most.
	check("Deep", map[string]float64{"BenchmarkDeep deep deep spin": spin, "selftest.deep calls selftest.deep": 50})
	check("Grow", map[string]float64{"BenchmarkGrow grow grow spin": spin})
	check("Goroutines", map[string]float64{
		"BenchmarkGoroutines first spin": 10 * spin, "selftest.BenchmarkGoroutines calls selftest.first": 10, "BenchmarkGoroutines.func1 spin": spin, "BenchmarkGoroutines.func2 inlined": inlined / 2,
	})
}

// TestStacksThatAreBroken: what no plugin of ours writes is an error.
func TestStacksThatAreBroken(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		_, err := parseStacks(strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	check("n 0 401000 402000 7\nb 401000 13\nc 1 0 5\n", "")
	check("n 1 401000 402000 7\n", "no such caller")
	check("b 401000 13\nc 1 0 5\n", "no such stack")
	check("n 0\n", "wrote \"n 0\"")
	check("x\n", "no such record")
}
