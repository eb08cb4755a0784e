package dir_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// TestMain lets the test binary play another process that puts runs.
func TestMain(m *testing.M) {
	if path := os.Getenv("REGRESS_DIR_WRITER"); path != "" {
		os.Exit(writer(path))
	}
	os.Exit(m.Run())
}

func says(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("have error %v, want one that says %q", err, w)
		}
	}
}

// files are the runs' files of a store.
func files(t *testing.T, path string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(path, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func put(t *testing.T, s baseline.Store, want int, runs ...baseline.Run) {
	t.Helper()
	if added, err := s.Put(t.Context(), runs...); err != nil || added != want {
		t.Fatalf("added %d, %v; want %d", added, err, want)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "store")
	s := open(t, path)
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 0 {
		t.Errorf("a store that is not there: %d, %v", len(infos), err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("reading made the directory")
	}
	r := storetest.Example(1)
	put(t, s, 1, r)
	want := filepath.Join(path, "20261123T053100Z-"+r.Commit[:12]+"-"+r.ID()[:12]+".txt")
	if have := files(t, path); len(have) != 1 || have[0] != want {
		t.Fatalf("have %v, want %s", have, want)
	}
	text, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"commit: " + r.Commit, "branch: main", "goos: linux", "cpu: AMD EPYC 7763 64-Core Processor", "# regress-id: " + r.ID(), string(r.Raw)} {
		if !strings.Contains(string(text), "\n"+strings.TrimSuffix(line, "\n")+"\n") {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if info, err := os.Stat(want); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v, want a file that others may read", info.Mode(), err)
	}

	put(t, s, 1, baseline.Run{})
	if _, err := os.Stat(filepath.Join(path, "00000000T000000Z-000000000000-"+baseline.Run{}.ID()[:12]+".txt")); err != nil {
		t.Error(err)
	}
}

func TestOpenOnAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := dir.Open(path)
	says(t, err, path, "it is a file", "postgres://")
}

func TestDamagedFile(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	damage := func(name, remedy string, alter func(file string) error) {
		t.Run(name, func(t *testing.T) {
			for _, f := range files(t, path) {
				os.Remove(f)
			}
			bad, good := storetest.Example(1), storetest.Example(2)
			put(t, s, 1, bad)
			file := files(t, path)[0]
			if err := alter(file); err != nil {
				t.Fatal(err)
			}
			put(t, s, 1, good)
			infos, err := s.List(t.Context(), baseline.Query{})
			if !errors.Is(err, baseline.ErrDamaged) {
				t.Errorf("list: %v, want ErrDamaged", err)
			}
			says(t, err, path, remedy)
			if len(infos) != 1 || infos[0].ID != good.ID() {
				t.Errorf("list: %v, want the run that is whole", infos)
			}
			if _, err := s.Get(t.Context(), good.ID()); err != nil {
				t.Error(err)
			}
			_, err = s.Get(t.Context(), bad.ID())
			if !errors.Is(err, baseline.ErrDamaged) && !errors.Is(err, baseline.ErrNotFound) {
				t.Errorf("get: %v, want ErrDamaged", err)
			}
		})
	}
	truncate := func(size int64) func(string) error {
		return func(file string) error { return os.Truncate(file, size) }
	}
	damage("emptied", "delete it", truncate(0))
	damage("cut in the header", "delete it", truncate(100))
	damage("cut in the text", "delete it", truncate(1600))
	damage("grown", "delete it", func(file string) error { return os.Truncate(file, 5000) })
	damage("altered header", "delete it", func(file string) error {
		text, _ := os.ReadFile(file)
		return os.WriteFile(file, []byte(strings.Replace(string(text), "branch: main", "branch: mine", 1)), 0o644)
	})
	damage("renamed", "delete it", func(file string) error {
		return os.Rename(file, filepath.Join(path, "20261123T053100Z-000000000000-ffffffffffff.txt"))
	})
	damage("a stranger", "notes.txt", func(file string) error {
		return os.Rename(file, filepath.Join(path, "notes.txt"))
	})
}

// Altered below the header at the same size: List does not read so far, Get
// does, and putting the run again repairs it.
func TestRepair(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	r := storetest.Example(3)
	put(t, s, 1, r)
	file := filepath.Join(path, "20261123T053300Z-"+r.Commit[:12]+"-"+r.ID()[:12]+".txt")
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "1000 240 ns/op", "1000 140 ns/op", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(t.Context(), r.ID())
	says(t, err, file, "damaged", "delete it")
	put(t, s, 1, r)
	if have, err := s.Get(t.Context(), r.ID()); err != nil || storetest.Diff(have, r) != "" {
		t.Errorf("%v %s", err, storetest.Diff(have, r))
	}
	again := r
	again.Time = r.Time.AddDate(0, 0, 1) // the new copy has another name
	if err := os.Truncate(file, 900); err != nil {
		t.Fatal(err)
	}
	put(t, s, 1, again)
	if _, err := os.Stat(file); err == nil {
		t.Error("the damaged copy was not replaced")
	}
}

func TestNewerLayout(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	put(t, s, 1, storetest.Example(1))
	file := files(t, path)[0]
	text, _ := os.ReadFile(file)
	newer := []byte(strings.Replace(string(text), "regress-store: 2", "regress-store: 3", 1))
	if err := os.WriteFile(file, newer, 0o644); err != nil {
		t.Fatal(err)
	}
	_, listed := s.List(t.Context(), baseline.Query{})
	_, got := s.Get(t.Context(), storetest.Example(1).ID())
	_, kept := s.Put(t.Context(), storetest.Example(1))
	for _, err := range []error{listed, got, kept} {
		if !errors.Is(err, baseline.ErrNewerSchema) {
			t.Errorf("have %v, want ErrNewerSchema", err)
		}
		says(t, err, file, "update regress")
	}
	if after, _ := os.ReadFile(file); string(after) != string(newer) {
		t.Error("a newer file was overwritten")
	}
}

// Stores that were copied together hold one run under two names.
func TestCopies(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	r := storetest.Example(1)
	put(t, s, 1, r)
	text, _ := os.ReadFile(files(t, path)[0])
	twin := filepath.Join(path, "20270101T000000Z-000000000000-"+r.ID()[:12]+".txt")
	if err := os.WriteFile(twin, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 1 {
		t.Errorf("%d runs, %v; want one", len(infos), err)
	}
	if err := os.Truncate(files(t, path)[0], 10); err != nil { // one whole copy will do
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), r.ID()); err != nil {
		t.Error(err)
	}
	put(t, s, 0, r)
	if err := s.Remove(t.Context(), r.ID()); err != nil {
		t.Fatal(err)
	}
	if left := files(t, path); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// writer puts the shared runs 0..19 and five of its own, then prints how many
// it added.
func writer(path string) int {
	s, err := dir.Open(path)
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	me, _ := strconv.Atoi(os.Getenv("REGRESS_DIR_ME"))
	sum := 0
	for i := range 25 {
		r := storetest.Example((i + me*5) % 20)
		if i >= 20 {
			r = storetest.Example(100*me + i)
		}
		added, err := s.Put(context.Background(), r)
		if err != nil {
			os.Stderr.WriteString(err.Error())
			return 1
		}
		sum += added
	}
	os.Stdout.WriteString(strconv.Itoa(sum))
	return 0
}

func TestProcessesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	const processes = 4
	var cmds []*exec.Cmd
	var outs []*strings.Builder
	for i := range processes {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "REGRESS_DIR_WRITER="+path, "REGRESS_DIR_ME="+strconv.Itoa(i+1))
		out := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	sum := 0
	for i, cmd := range cmds {
		err := cmd.Wait()
		n, bad := strconv.Atoi(outs[i].String())
		if err != nil || bad != nil {
			t.Fatalf("writer %d: %v: %s", i, err, outs[i])
		}
		sum += n
	}
	const want = 20 + processes*5
	infos, err := open(t, path).List(t.Context(), baseline.Query{})
	if err != nil || len(infos) != want || sum != want {
		t.Errorf("%d runs, %d added, %v; want %d", len(infos), sum, err, want)
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".put-*")); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// A writer that is killed at any moment leaves whole runs and nothing that
// stands in the way.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	for i := range 10 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "REGRESS_DIR_WRITER="+path, "REGRESS_DIR_ME="+strconv.Itoa(i+1))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		// Its first runs make it well under way; later writers find the shared ones
		// there and add their own five.
		for before := len(files(t, path)); len(files(t, path)) < before+2; {
			select {
			case <-ended:
				t.Fatal("the writer ended before it wrote two runs")
			case <-time.After(100 * time.Microsecond):
			}
		}
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		<-ended
		s := open(t, path)
		infos, err := s.List(t.Context(), baseline.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			if _, err := s.Get(t.Context(), info.ID); err != nil {
				t.Error(err)
			}
		}
		put(t, s, 1, storetest.Example(10_000+i))
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".put-*")); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// benchstat reads a store and groups it by commit.
func TestBenchstat(t *testing.T) {
	program := filepath.Join(t.TempDir(), "benchstat")
	if out, err := exec.Command("go", "build", "-o", program, "golang.org/x/perf/cmd/benchstat").CombinedOutput(); err != nil {
		t.Fatalf("build benchstat, a tool of go.mod: %v\n%s", err, out)
	}
	path := t.TempDir()
	s := open(t, path)
	for i := range 2 {
		r := storetest.Example(i)
		r.Raw = []byte("goos: linux\nstarted: " + strconv.Itoa(i) + "\npkg: x\n" + strings.Repeat("BenchmarkPing-2 1000 24"+strconv.Itoa(i)+" ns/op\n", 6) + "PASS")
		put(t, s, 1, r)
	}
	out, err := exec.Command(program, append([]string{"-col", "commit", "-ignore", "started,seed"}, files(t, path)...)...).CombinedOutput()
	if err != nil || strings.Count(string(out), "Ping-2") != 1 || !strings.Contains(string(out), "+0.42%") { // 241/240 = 1.00417
		t.Errorf("%v:\n%s", err, out)
	}
}
