package placement

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/count/counttest"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, append([]string{"-C", dir}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := child.Run(cmd); err != nil { // measurements beside it kill what is not this process's own
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	return strings.TrimSpace(out.String())
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// open builds the repository of a pull request, with changes that no benchmark
// reaches beside its own.
func (p pull) open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "git", "init", "--quiet", "--initial-branch=main")
	write(t, dir, "go.mod", "module example.com/shop\n\ngo 1.24\n")
	write(t, dir, "README.md", "# Shop\n")
	write(t, dir, "unused.go", "package shop\n\nfunc unused() int { return 1 }\n\nvar _ = unused\n")
	for name, text := range p.files {
		write(t, dir, name, text)
	}
	run(t, dir, "git", "add", "-A")
	run(t, dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first")
	head := map[string]string{}
	for name, text := range p.files {
		head[name] = text
	}
	for _, e := range p.edits {
		if strings.Count(head[e.file], e.old) != 1 {
			t.Fatalf("%q occurs %d times in %s", e.old, strings.Count(head[e.file], e.old), e.file)
		}
		head[e.file] = strings.Replace(head[e.file], e.old, e.new, 1)
	}
	for name, text := range head {
		write(t, dir, name, text)
	}
	write(t, dir, "README.md", "# The shop\n")
	write(t, dir, "unused.go", "package shop\n\nfunc unused() int {\n\tn := 0\n\tfor i := range 1000 {\n\t\tn += i\n\t}\n\treturn n\n}\n\nvar _ = unused\n")
	write(t, dir, "added.go", "package shop\n\n// Added is new and not used.\nfunc Added(n int) int { return n * 2 }\n")
	return dir
}

// hits reports whether a cause lies on a guilty edit: one of its lines is one
// that the edit added, or next to one that it removed.
func (p pull) hits(c Cause) bool {
	for _, e := range p.edits {
		if !e.guilty || e.file != c.File {
			continue
		}
		text := p.files[e.file]
		for _, other := range p.edits {
			if other.file == e.file {
				text = strings.Replace(text, other.old, other.new, 1)
			}
		}
		at := strings.Index(text, e.new)
		if e.new == "" { // it stood where what followed it stands now
			_, behind, _ := strings.Cut(p.files[e.file], e.old)
			behind, _, _ = strings.Cut(behind, "\n")
			at = strings.Index(text, behind+"\n")
		}
		first := strings.Count(text[:at], "\n") + 1
		last := first + max(strings.Count(e.new, "\n"), 1) - 1
		if e.new == "" {
			first, last = first-1, first
		}
		if c.First <= last && c.Last >= first {
			return true
		}
	}
	return false
}

// find profiles both sides for about d each and looks for the cause. It is an
// error where a profile could not be taken: a busy machine starves a process.
func (p pull) find(t *testing.T, ctx context.Context, dir string, d time.Duration) (Cause, error) {
	t.Helper()
	want := measure.ProfileWant{Package: "example.com/shop", Name: p.bench, Kind: measure.ProfileCPU, Time: d}
	if p.kind != CPU {
		want.Kind, want.Time = measure.ProfileAllocs, d/10
	}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		want.Name += fmt.Sprintf("-%d", n)
	}
	o := measure.Options{Dir: dir, Base: "main", Benchtime: "50ms", Timeout: time.Minute}
	session, err := measure.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	profiles, err := session.Profile(ctx, baseline.Base, []measure.ProfileWant{want})
	if err != nil {
		t.Fatal(err)
	}
	if profiles[0].Err != nil {
		return Cause{}, profiles[0].Err
	}
	finder, err := Open(ctx, session.Top(), session.Commit(baseline.Base))
	if err != nil {
		t.Fatal(err)
	}
	cause, err := finder.Find(Pair{Base: profiles[0].Base, Head: profiles[0].Head, Kind: p.kind, Iterations: profiles[0].Iterations})
	if err != nil {
		t.Fatal(err)
	}
	return cause, nil
}

// counts counts the work of both sides of a pull request.
func (p pull) counts(t *testing.T, dir string, c *count.Counter) (Pair, string) {
	t.Helper()
	session, err := measure.Open(t.Context(), measure.Options{Dir: dir, Base: "main", Benchtime: "20ms", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	probes := map[baseline.Side]*count.StackProbe{}
	want := measure.ProfileWant{Package: "example.com/shop", Name: p.bench, Kind: measure.ProfileWork, Probe: func(side baseline.Side, binary string) (suite.Probe, error) {
		probe, err := c.StackProbe(binary)
		probes[side] = probe
		return probe, err
	}}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		want.Name += fmt.Sprintf("-%d", n)
	}
	profiles, err := session.Profile(t.Context(), baseline.Base, []measure.ProfileWant{want})
	if err == nil {
		err = profiles[0].Err
	}
	if err != nil {
		t.Fatal(err)
	}
	pair := Pair{Kind: Work, Iterations: profiles[0].Iterations}
	if pair.BaseWork, err = probes[baseline.Base].Profile(); err == nil {
		pair.HeadWork, err = probes[baseline.Head].Profile()
	}
	if err != nil {
		t.Fatal(err)
	}
	return pair, session.Commit(baseline.Base)
}

// declared reports whether all that is guilty is a declaration, which is never named: then no
// cause is right.
func (p pull) declared() bool {
	for _, e := range p.edits {
		if e.guilty && !slices.Contains([]string{"\tBufferSize = 16\n", "\titems []any\n", "\tCents int\n\tImage [1024]byte\n", "\tRounds = 24\n"}, e.new) {
			return false
		}
	}
	return true
}

// Pull requests with one guilty hunk among innocent ones, measured for real:
// nine in ten are placed on it. A profile of half a second has fifty samples, and
// on a busy machine fewer: what is missed is looked at once more, for longer.
//
// That is no blind count. Seen for the first time, with everything else tuned on
// what was there before, six pull requests were placed right 4 times, and the
// fourteen of blind_test.go 8 times at the first look and 10 times at the second:
// 7 in 10 is what a stranger's change may expect. Of the four that were missed a
// fault was found and mended each: a constant beside the receiver of a call, numbers
// in a calculation taken for its cost, a channel that reaches a goroutine as an
// argument, and embedded files.
//
// Where the guilty hunk is a declaration alone, a constant or a field of a type, no cause is the
// right answer.
func TestPlacement(t *testing.T) {
	if testing.Short() {
		t.Skip("it profiles both sides of every pull request: two minutes of processor time")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	var missed atomic.Int32
	t.Run("pulls", func(t *testing.T) {
		for _, p := range slices.Concat(pulls, blind) {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				dir := p.open(t)
				for _, d := range []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond} {
					cause, err := p.find(t, ctx, dir, d)
					t.Logf("%s:%d-%d, %.0f %% of the growth; grew most: %v %v", cause.File, cause.First, cause.Last, cause.Share*100, cause.Grown, err)
					if err == nil && (p.hits(cause) && !p.declared() || p.declared() && cause.File == "") {
						return
					}
					t.Logf("which is not guilty, after %v", d)
				}
				missed.Add(1)
			})
		}
	})
	if all := len(pulls) + len(blind); int(missed.Load())*10 > all {
		t.Errorf("%d of %d pull requests are not placed on the guilty hunk", missed.Load(), all)
	}
}

// Pull requests by the work that is counted, whatever else the machine does: at most one is not
// placed on the guilty hunk, and none on another one. Two are there because they were once: by a
// function that is called more often, and by one that is not inlined any more.
func TestPlacementOfWork(t *testing.T) {
	if testing.Short() {
		t.Skip("it counts both sides of every pull request")
	}
	counttest.Need(t)
	counter, trials := count.Find(t.Context())
	if counter == nil {
		t.Fatalf("nothing counts: %+v", trials)
	}
	defer counter.Close()
	var missed atomic.Int32
	t.Run("pulls", func(t *testing.T) {
		for i, p := range slices.Concat(blind, pulls) {
			again := p.name == "a changed default in another package" || p.name == "a lock"
			if p.kind != CPU || i >= len(blind) && !again {
				continue
			}
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				dir := p.open(t)
				pair, commit := p.counts(t, dir, counter)
				finder, err := Open(t.Context(), dir, commit)
				if err != nil {
					t.Fatal(err)
				}
				cause, err := finder.Find(pair)
				if err != nil {
					t.Fatal(err)
				}
				switch what := fmt.Sprintf("%s:%d-%d, %.0f %% of the growth; grew most: %v", cause.File, cause.First, cause.Last, cause.Share*100, cause.Grown); {
				case p.hits(cause) || p.declared() && cause.File == "":
				case cause.File == "":
					missed.Add(1)
				default:
					t.Error(what)
				}
			})
		}
	})
	if missed.Load() > 1 {
		t.Errorf("%d pull requests are not placed on the guilty hunk", missed.Load())
	}
}
