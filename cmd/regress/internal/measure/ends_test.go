package measure

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

func TestInterrupt(t *testing.T) {
	t.Parallel()
	marker := filepath.Join(t.TempDir(), "alive")
	r := newRepo(t, map[string]string{"x_test.go": module("Slow",
		`if b.N > 1 { os.WriteFile("`+marker+`.new", fmt.Append(nil, os.Getpid()), 0o644); os.Rename("`+marker+`.new", "`+marker+`"); time.Sleep(time.Hour) }`)})
	o := r.options()
	o.All, o.Benchtime = true, "2x"
	var log bytes.Buffer
	o.Log = &log
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(marker); err == nil {
				cancel()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	begin := time.Now()
	res, err := Run(ctx, o)
	if err != nil || res.Stopped != "interrupt" {
		t.Fatalf("Run: %+v, %v", res, err)
	}
	if time.Since(begin) > 50*time.Second {
		t.Error("the interrupt was not noticed")
	}
	has(t, log.String(), "# stopped: interrupt")
	clean(t, r)
	pid, err := os.ReadFile(marker)
	if err != nil || len(pid) == 0 {
		t.Fatalf("pid of the child: %q, %v", pid, err)
	}
	if _, err := os.Stat("/proc/" + string(pid)); err == nil {
		t.Errorf("process %s is left", pid)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("Quick", loop, "Slow", "time.Sleep(3 * time.Second)")})
	o := r.options()
	o.Base, o.Rounds, o.Budget = "", 2, 6*time.Second
	res, text := run(t, o)
	// The discovery takes three seconds, a round of Slow three more, expected six: Quick alone
	// fits.
	has(t, text, "# stopped: budget of 6s", "# not-run: - example.com/t Slow"+suffix()+" budget of 6s")
	if got := order(text); !slices.Equal(got, []string{" Quick" + suffix(), " Quick" + suffix()}) {
		t.Errorf("measured %q", got)
	}
	if res.Stopped != "budget of 6s" || marked(text, "not-run") != 1 {
		t.Errorf("stopped %q:\n%s", res.Stopped, text)
	}
}

// A process that the budget has cut short is no failure of its benchmark.
func TestBudgetEndsInMidProcess(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("Stuck", "if b.N > 1 { time.Sleep(time.Hour) }")})
	o := r.options()
	o.Base, o.Benchtime, o.Budget = "", "2x", 4*time.Second
	_, text := run(t, o)
	has(t, text, "# stopped: budget of 4s", "# not-run: - example.com/t Stuck"+suffix()+" budget of 4s")
	lacks(t, text, "no end within", "# round:", "# failed:")
}

func TestResume(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop)})
	o := r.options()
	o.All, o.Rounds = true, 3
	_, whole := run(t, o)
	blocks := strings.SplitAfter(whole, "\n# load")
	// Five of the twelve processes, the load mark of the last one cut.
	cut := strings.Join(blocks[:5], "") + ": wa"
	cut = strings.Replace(cut, "\nside:", "\n# stopped: interrupt\nside:", 1)
	o.Resume, o.Seed = []byte(cut), 99
	res, text := run(t, o)
	if again := len(order(text)) - len(order(cut)); again != 7 || res.Seed != 7 || len(order(text)) != 12 {
		t.Errorf("resumed: %d processes, seed %d, %d rounds; want 7, 7, 12\n%s", again, res.Seed, len(order(text)), text)
	}
	lacks(t, text, "# stopped")

	refuse := func(change func(), resume, part string) {
		t.Helper()
		change()
		o.Resume = []byte(resume)
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("resume: error %v, want one with %q", err, part)
		}
	}
	refuse(func() {}, "BenchmarkA 1 1 ns/op\n", "regress-log")
	elsewhere := regexp.MustCompile(`(?m)^cores: \d+$`).ReplaceAllString(cut, "cores: 4096")
	refuse(func() {}, elsewhere, "measured with cores 4096")
	refuse(func() { o.Benchtime = "2x" }, cut, "give the same flags")
	refuse(func() { o.Benchtime = "1x"; r.write(map[string]string{"y_test.go": module("C", loop)}) }, cut, "the code has changed")
	refuse(func() { r.commit("third") }, cut, "it was measured with the head at")
}

// What a benchmark prints about itself stays in the log that is gone on from.
func TestResumeKeepsWhatBenchmarksSay(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", `if b.N > 1 { fmt.Println("not run: the moon was not up"); os.Exit(1) }`)})
	o := r.options()
	o.All, o.Base, o.Benchtime = true, "", "2x"
	_, text := run(t, o)
	said := "# failed: - example.com/t B" + suffix() + " not run: the moon was not up (exit status 1)"
	has(t, text, said)
	o.Resume = []byte(text + "# not-run: - example.com/t C" + suffix() + " interrupt\n# stopped: interrupt\n")
	_, again := run(t, o)
	if !strings.HasPrefix(again, text) {
		t.Errorf("gone on from\n%s\nit is\n%s", text, again)
	}
	lacks(t, again, "# not-run", "# stopped")
}

// full is a disk that has no room for the k-th write.
type full struct{ k int }

func (f *full) Write(p []byte) (int, error) {
	if f.k--; f.k < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// Whatever ends a run, nothing of it stays behind.
func TestLeavesNothing(t *testing.T) {
	long(t)
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	check := func(what string, run func()) {
		t.Helper()
		run()
		left, err := os.ReadDir(tmp)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", what, left, err)
		}
		clean(t, r)
	}
	check("a panic of the caller's", func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		o := r.options()
		o.Next = func(baseline.Log) []baseline.Want { panic("from Next") }
		_, _ = Run(t.Context(), o)
	})
	for k := range 3 { // the header, and both rounds
		check("a full disk", func() {
			o := r.options()
			o.Log = &full{k}
			res, err := Run(t.Context(), o)
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") || len(res.Text) == 0 {
				t.Errorf("after %d writes: %v", k, err)
			}
		})
	}
	for _, step := range []string{"checking out the base", "building the head", "building the base"} {
		check("an interrupt while "+step, func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := r.options()
			o.Progress = func(p Progress) {
				if p.Step == step {
					cancel()
				}
			}
			if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted while %s: %v", step, err)
			}
		})
	}
}
