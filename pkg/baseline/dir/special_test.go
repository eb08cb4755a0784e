package dir_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// What is named like a run and is no regular file is damaged, at once, in every
// operation, and hides no other run.
func TestWhatIsNoFileIsDamaged(t *testing.T) {
	r := storetest.Example(7)
	name := "00000000T000000Z-000000000000-" + r.ID()[:12] + ".txt"
	check := func(what, words string, place func(path string) error) {
		t.Run(what, func(t *testing.T) {
			path := t.TempDir()
			s := open(t, path)
			put(t, s, 1, storetest.Example(1))
			if err := place(filepath.Join(path, name)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			infos, listed := s.List(t.Context(), baseline.Query{})
			if len(infos) != 1 {
				t.Errorf("%d runs are listed, want the one that is whole", len(infos))
			}
			_, got := s.Get(t.Context(), r.ID())
			for _, err := range []error{listed, got} {
				if !errors.Is(err, baseline.ErrDamaged) {
					t.Errorf("have %v, want ErrDamaged", err)
				}
				says(t, err, name, words, "delete it")
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if err := s.Remove(t.Context(), r.ID()); err != nil {
				t.Error(err)
			}
			put(t, s, 1, r)
			if _, err := s.Get(t.Context(), r.ID()); err != nil {
				t.Error(err)
			}
		})
	}
	check("a pipe", "a named pipe", func(path string) error { return syscall.Mkfifo(path, 0o644) })
	check("an endless device", "a symbolic link", func(path string) error { return os.Symlink("/dev/zero", path) })
	check("a link to nothing", "a symbolic link", func(path string) error { return os.Symlink("nowhere", path) })
	check("a link to itself", "a symbolic link", func(path string) error { return os.Symlink(path, path) })
	check("a directory", "a directory", func(path string) error { return os.Mkdir(path, 0o755) })
	check("a socket", "a socket", func(path string) error {
		short, err := os.MkdirTemp("/tmp", "s") // a socket's path has at most 107 bytes
		if err != nil {
			return err
		}
		defer os.RemoveAll(short)
		l, err := net.Listen("unix", filepath.Join(short, "s"))
		if err != nil {
			return err
		}
		t.Cleanup(func() { l.Close() })
		return os.Rename(filepath.Join(short, "s"), path)
	})
}

// A file far larger than its header says takes no memory.
func TestHugeStrangerTakesNoMemory(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	put(t, s, 1, storetest.Example(1))
	if err := os.Truncate(files(t, path)[0], 1<<40); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	_, err := s.Get(t.Context(), storetest.Example(1).ID())
	if !errors.Is(err, baseline.ErrDamaged) {
		t.Errorf("have %v, want ErrDamaged", err)
	}
}

// A writer that holds the lock for ever is named, with the lock, and waited for no
// longer than ten seconds.
func TestLockHasADeadline(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for ten seconds")
	}
	path := t.TempDir()
	s := open(t, path)
	put(t, s, 1, storetest.Example(1)) // which signs the lock
	f, err := os.OpenFile(filepath.Join(path, ".lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), storetest.Example(2))
	says(t, err, "put 1 runs into store "+path, filepath.Join(path, ".lock")+" is locked by process ", "after 10s", "nothing of this was kept")
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	says(t, s.Remove(t.Context(), storetest.Example(1).ID()), "is locked by a process that does not say which it is")
	if _, err := s.List(t.Context(), baseline.Query{}); err != nil { // readers need none
		t.Error(err)
	}
}

// A lock that leads elsewhere makes nothing there.
func TestLockIsNoLink(t *testing.T) {
	path := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "made")
	if err := os.Symlink(elsewhere, filepath.Join(path, ".lock")); err != nil {
		t.Fatal(err)
	}
	s, err := dir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), storetest.Example(1))
	says(t, err, ".lock")
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("a file was made where the link leads")
	}
}
