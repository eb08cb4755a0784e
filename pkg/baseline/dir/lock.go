package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience bounds the wait for another writer: one holds the lock for the
// milliseconds in which it writes and syncs its runs.
const patience = 10 * time.Second

// lock makes the caller the only writer of the directory, among goroutines and
// processes, until it calls unlock. The kernel lets go when a process dies. The
// file says who holds it, for the message to one that has waited in vain.
//
// Note: flock is asked for again and again rather than waited for, since a
// waiting flock cannot be cancelled.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(path, ".lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o666)
	if err != nil {
		return nil, explain(err)
	}
	ignoreLock(path)
	end := time.Now().Add(patience)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			sign(f)
			return func() { f.Close() }, nil
		case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		default:
			f.Close()
			return nil, fmt.Errorf("lock %s: %w: keep the store on a file system with locks", f.Name(), err)
		}
		if time.Now().After(end) {
			defer f.Close()
			return nil, fmt.Errorf("%s is locked by %s, still after %v: wait for it or end it, then run this again; nothing of this was kept", f.Name(), holder(f), patience)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for another writer of %s: %w", path, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// ignoreLock keeps git from offering the lock to be committed beside the runs. Somebody's own
// .gitignore stays as it is, and where none can be written nothing is lost.
func ignoreLock(path string) {
	f, err := os.OpenFile(filepath.Join(path, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return
	}
	_, _ = f.WriteString("/.lock\n/.gitignore\n")
	f.Close()
}

// sign writes who holds the lock into its file. It is for a message alone, so a
// full disk does no harm.
func sign(f *os.File) {
	host, _ := os.Hostname()
	text := fmt.Sprintf("process %d of %.60s\n", os.Getpid(), strings.Join(strings.Fields(host), " "))
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(text), 0)
	}
}

// holder returns who wrote into the lock's file last.
func holder(f *os.File) string {
	text := make([]byte, 100)
	n, _ := f.ReadAt(text, 0)
	line, _, ended := strings.Cut(string(text[:n]), "\n")
	if !ended || !strings.HasPrefix(line, "process ") {
		return "a process that does not say which it is"
	}
	return line
}

// explain adds the remedy to the errors of a file system that have one.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w: free space or name another store with --store; nothing of this was kept", err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w: give this user the right to it or name another store with --store", err)
	}
	return err
}
