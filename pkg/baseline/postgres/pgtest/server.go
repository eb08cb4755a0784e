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
}

// patience bounds the start: 0.6 s on an idle machine, much more on a busy one.
const patience = time.Minute

func start() (*Server, error) {
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
	s := &Server{bin: bin, dir: dir, as: as}
	if c := as.Credential; c != nil {
		if err := os.Chown(dir, int(c.Uid), int(c.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	out, err := s.command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	// The first line that fits decides: the role "locked" needs its password.
	rules := "local all locked scram-sha-256\nlocal all all trust\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = s.as
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	return cmd
}

// keeper starts the server and stays beside it. It reads from a pipe that only
// the test process can write to: the pipe ends when that process does, be it by
// exit, panic or kill -9, and then the server is stopped and its directory
// removed. Unlike a parent-death signal this works on macOS too, and does not
// depend on which of Go's threads started the server.
const keeper = `
exec 3<&0
"$0" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
	-c shared_buffers=32MB -c max_connections=60 >>"$1/log" 2>&1 </dev/null 3<&- &
server=$!
( cat <&3 >/dev/null; kill -QUIT $server 2>/dev/null; while kill -0 $server 2>/dev/null; do sleep .05; done; rm -rf "$1" ) >/dev/null 2>&1 &
exec 3<&-
wait $server
`

// run starts the server on its directory and waits until it answers.
func (s *Server) run() error {
	cmd := s.command("/bin/sh", "-c", keeper, filepath.Join(s.bin, "postgres"), s.dir)
	hold, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.hold, s.done = hold, make(chan struct{})
	go func(done chan struct{}) {
		// Not cmd.Wait, which would close the pipe that the cleaner still reads.
		_, _ = cmd.Process.Wait()
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
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	children := childrenOf(pid)
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
}

// childrenOf asks ps, which Linux and macOS have in common.
func childrenOf(parent int) []int {
	out, _ := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	var pids []int
	for line := range strings.Lines(string(out)) {
		var pid, ppid int
		if _, err := fmt.Sscan(line, &pid, &ppid); err == nil && ppid == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Restart starts a killed server on the data that it left.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
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
