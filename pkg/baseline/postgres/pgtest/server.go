package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a running PostgreSQL.
type Server struct {
	bin  string // directory of the binaries
	dir  string // holds the socket, the data and the log
	as   *syscall.SysProcAttr
	hold io.Closer     // the server ends when this closes, at the latest with the test process
	done chan struct{} // closed when the server has ended

	settings []string // such as shared_buffers=1GB
}

// patience bounds the start: 0.6 s on an idle machine, much more on a busy one.
const patience = time.Minute

// quick is what a test wants: a small server that does not wait for the disk.
var quick = []string{"fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=150", "password_encryption=scram-sha-256"}

func start(settings []string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	// Not t.TempDir: a socket's path has at most 107 bytes, and another user must
	// be able to enter every directory above.
	dir, err := os.MkdirTemp("/tmp", "regress-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, as: as, settings: settings}
	if err := s.begin(); err != nil {
		if s.hold != nil {
			_ = s.hold.Close() // the cleaner stops what has started
		}
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// begin makes the data and starts the server for the first time.
func (s *Server) begin() error {
	if c := s.as.Credential; c != nil {
		if err := os.Chown(s.dir, int(c.Uid), int(c.Gid)); err != nil {
			return err
		}
	}
	cleaner := s.Command("/bin/sh", "-c", clean, s.dir)
	var err error
	if s.hold, err = cleaner.StdinPipe(); err != nil {
		return err
	}
	if err := cleaner.Start(); err != nil {
		return err
	}
	out, err := s.Command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// The first line that fits decides: the role "locked" needs its password.
	rules := "local all locked scram-sha-256\nlocal all all trust\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return err
	}
	return s.run()
}

// clean waits for the end of the test process, then stops the server and
// removes its directory. It reads from a pipe that only the test process can
// write to, and that ends with it, be it by exit, panic or kill -9. Unlike a
// parent-death signal this works on macOS too, and does not depend on which of
// Go's threads started the server.
const clean = `
cat >/dev/null
pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
	kill -QUIT "$pid" 2>/dev/null
	n=0 # bounded, for a process 1 that collects no orphans keeps the dead one's number
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 200 ]; do sleep .05; n=$((n+1)); done
fi
rm -rf "$0"
`

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Dir returns the directory of the server's socket; it goes with the server.
func (s *Server) Dir() string { return s.dir }

// Command prepares a program to run as the server's user, in its directory.
func (s *Server) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = s.as
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	return cmd
}

// run starts the server on its directory and waits until it answers.
func (s *Server) run() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses="}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := s.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait() // how it ended stands in its log
		close(done)
	}(s.done)
	return s.answer()
}

func (s *Server) answer() error {
	last := errors.New("no answer")
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-s.done:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("PostgreSQL of %s ended: %s", s.bin, log)
		case <-time.After(20 * time.Millisecond):
		}
		if last = s.exec("select 1"); last == nil {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL of %s does not answer after %v: %w", s.bin, patience, last)
}

// Kill ends the server with kill -9, every process of it, as a crash of the
// machine would.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	// The server names its own processes: ps is missing on a small machine.
	children, err := s.processes()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]int{pid}, children...) {
		if err := syscall.Kill(p, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	select {
	case <-s.done:
	case <-time.After(patience):
		t.Fatal("PostgreSQL lives on after kill -9")
	}
	// Its number may soon be another process's.
	if err := os.Remove(filepath.Join(s.data(), "postmaster.pid")); err != nil {
		t.Fatal(err)
	}
}

// Restart starts a killed server on the data that it left.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	err := s.run()
	// The workers of a killed server notice its death in their own time, and a new one
	// does not start beside them.
	for end := time.Now().Add(patience); err != nil && strings.Contains(err.Error(), "still in use") && time.Now().Before(end); err = s.run() {
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// remove stops the server and waits until its directory is gone.
func (s *Server) remove() {
	_ = s.hold.Close()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(s.dir); err != nil {
			return
		}
	}
}
