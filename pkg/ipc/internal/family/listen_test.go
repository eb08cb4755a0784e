package family_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
)

// listenAt is the variable that makes this binary a listener at a path, until it is killed.
const listenAt = "FAMILY_TEST_LISTEN"

func TestMain(m *testing.M) {
	path := os.Getenv(listenAt)
	if path == "" {
		os.Exit(m.Run())
	}
	if _, err := family.Listen(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("listening")
	time.Sleep(time.Minute)
}

// elsewhere starts a process that listens at path, and returns what kills it and waits for its end.
func elsewhere(t *testing.T, path string) (kill func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), listenAt+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	said := make([]byte, 100)
	if n, err := out.Read(said); err != nil || string(said[:n]) != "listening\n" {
		t.Fatalf("the other process says %q, %v", said[:n], err)
	}
	return kill
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// reachable dials path and wants l to accept.
func reachable(t *testing.T, l *family.Listener, path string) {
	t.Helper()
	ctx := limited(t)
	a, err := family.Dial(ctx, path, 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
}

func closes(t *testing.T, l *family.Listener, path string) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close there is something at the path: %v", err)
	}
}

// TestListenReplacesDeadSocket: the socket of a process that was killed is replaced.
func TestListenReplacesDeadSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	elsewhere(t, path)()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("the killed process left no socket: %v", err)
	}
	l, err := family.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	reachable(t, l, path)
	closes(t, l, path)
}

// TestListenLeavesLivingSocket: the socket of another process that lives is left alone, its
// queue too, and the error names path and remedy.
func TestListenLeavesLivingSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	elsewhere(t, path)
	was, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := family.Listen(path)
	if l != nil || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another path") {
		t.Fatalf("listening where a process lives: %v, %v", l, err)
	}
	if is, err := os.Lstat(path); err != nil || !os.SameFile(was, is) {
		t.Fatalf("its socket was replaced: %v", err)
	}

	own := filepath.Join(t.TempDir(), "s")
	l, err = family.Listen(own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := family.Listen(own); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("two listeners: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if c, err := l.Accept(short); c != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the second left something in the first one's queue: %v, %v", c, err)
	}
	reachable(t, l, own)
	closes(t, l, own)
}

// TestListenLeavesWhatIsNoSocket: what is no socket is never removed.
func TestListenLeavesWhatIsNoSocket(t *testing.T) {
	refused := func(path string) {
		t.Helper()
		l, err := family.Listen(path)
		if l != nil || err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("listening at %s: %v, %v", path, l, err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(file)
	empty := filepath.Join(dir, "folder")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(empty)
	dead := filepath.Join(dir, "dead")
	elsewhere(t, dead)()
	for name, to := range map[string]string{"to a file": file, "to a dead socket": dead, "to nothing": filepath.Join(dir, "none")} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		refused(link)
		if have, err := os.Readlink(link); err != nil || have != to {
			t.Errorf("the link %s is %q, %v", name, have, err)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if _, err := os.Stat(empty); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dead); err != nil {
		t.Error(err)
	}
	if _, err := family.Listen(filepath.Join(dir, "missing", "s")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("listening in a folder that is not: %v", err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 200))
	_, err := family.Listen(long)
	_, err2 := family.Dial(limited(t), long, 0)
	for _, err := range []error{err, err2} {
		if err == nil || !strings.Contains(err.Error(), "at most 103") {
			t.Errorf("a path of %d bytes: %v", len(long), err)
		}
	}
}

// TestOneOfManyListenersWins: of many that listen at once at the path of a dead one, one wins,
// and is reachable there.
func TestOneOfManyListenersWins(t *testing.T) {
	const rounds, many = 200, 6
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	elsewhere(t, dead)()
	for round := range rounds {
		path := filepath.Join(dir, "s")
		if round%4 > 0 { // else nothing is there yet
			if err := os.Link(dead, path); err != nil {
				t.Fatal(err)
			}
		}
		won, lost := make(chan *family.Listener, many), make(chan error, many)
		start := make(chan struct{})
		for range many {
			go func() {
				<-start
				l, err := family.Listen(path)
				if err != nil {
					lost <- err
					return
				}
				won <- l
			}()
		}
		close(start)
		var l *family.Listener
		for range many {
			select {
			case err := <-lost:
				if !errors.Is(err, syscall.EADDRINUSE) {
					t.Fatalf("round %d: the loser's error is %v", round, err)
				}
			case other := <-won:
				if l != nil {
					t.Fatalf("round %d: two listeners at one path", round)
				}
				l = other
			case <-time.After(20 * time.Second):
				t.Fatalf("round %d: Listen does not return", round)
			}
		}
		if l == nil {
			t.Fatalf("round %d: nobody listens", round)
		}
		reachable(t, l, path)
		closes(t, l, path)
	}
}

// TestCloseLeavesSuccessorsSocket: a listener whose path was given to another removes nothing
// when it closes.
func TestCloseLeavesSuccessorsSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, err := family.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := family.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Fatal(err)
	}
	reachable(t, second, path)
	closes(t, second, path)
}

// TestWaitingAcceptEndsWithItsContext: an Accept behind another ends with its own context, and
// Close ends both.
func TestWaitingAcceptEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := family.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx := limited(t)
	const many = 3
	ended := make(chan error, many)
	for range many {
		go func() {
			_, err := l.Accept(ctx)
			ended <- err
		}()
	}
	time.Sleep(10 * time.Millisecond)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	late := make(chan error, 1)
	go func() {
		_, err := l.Accept(short)
		late <- err
	}()
	wait := func(from chan error, want error) {
		t.Helper()
		select {
		case err := <-from:
			if !errors.Is(err, want) {
				t.Errorf("Accept: %v, want %v", err, want)
			}
		case <-ctx.Done():
			t.Fatalf("Accept goes on waiting, want %v", want)
		}
	}
	wait(late, ipc.ErrTimeout)
	closes(t, l, path)
	for range many {
		wait(ended, ipc.ErrClosed)
	}
}

// TestEndedAcceptDoesNotDisturbTheNext: a context that ends just when its Accept returns does
// not disturb the next one.
func TestEndedAcceptDoesNotDisturbTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := family.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx := limited(t)
	for range 2000 {
		brief, cancel := context.WithCancel(ctx)
		go cancel()
		if _, err := l.Accept(brief); !errors.Is(err, context.Canceled) {
			t.Fatalf("Accept of nobody, cancelled: %v", err)
		}
		brief, cancel = context.WithCancel(ctx)
		a, err := family.Dial(ctx, path, 0)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		b, err := l.Accept(brief)
		if err != nil { // then it is there for the next one
			b, err = l.Accept(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = a.Close(), b.Close()
	}
	closes(t, l, path)
}
