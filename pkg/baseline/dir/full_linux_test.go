package dir_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// big is a run of 100 KB.
func big(i int) baseline.Run {
	r := storetest.Example(i)
	r.Raw = []byte(strings.Repeat("x", 100_000))
	return r
}

// full checks a store in which not all of three more big runs have room.
func full(t *testing.T, path string) {
	t.Helper()
	s := open(t, path)
	put(t, s, 1, storetest.Example(1))
	added, err := s.Put(t.Context(), storetest.Example(2), big(3), big(4), big(5))
	if added != 0 {
		t.Errorf("added %d", added)
	}
	says(t, err, "put 4 runs into store "+path, "free space or name another store", "nothing of this was kept")
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".put-") {
			t.Errorf("%s is left", e.Name())
		}
	}
	infos, err := s.List(t.Context(), baseline.Query{})
	if err != nil || len(infos) != 1 {
		t.Errorf("%d runs, %v; want the one of before", len(infos), err)
	}
	put(t, s, 1, storetest.Example(2)) // a small one still fits
}

// On a disk that is really full. Without the right to mount one, the limit on
// a file's size, below, stands for it.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiny")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=256k")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("not tested here: no right to mount a tmpfs; TestFileSizeLimit stands for it")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	full(t, path)
}

// A write that ends in the middle of a file, in a process of its own since the
// limit is the process's.
func TestFileSizeLimit(t *testing.T) {
	if os.Getenv("REGRESS_DIR_LIMITED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$", "-test.v")
		cmd.Env = append(os.Environ(), "REGRESS_DIR_LIMITED=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "limited") {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails and the process lives
	limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Log("limited")
	full(t, t.TempDir())
}

func TestNoRight(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may write anywhere but here.
		s := open(t, "/proc/regress")
		_, err := s.Put(t.Context(), storetest.Example(1))
		says(t, err, "put 1 runs into store /proc/regress", "/proc/regress")
		return
	}
	path := t.TempDir()
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	_, err := s.Put(t.Context(), storetest.Example(1))
	says(t, err, path, "give this user the right to it")
}
