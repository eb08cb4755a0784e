package pgtest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary play a test process that is killed.
func TestMain(m *testing.M) {
	if os.Getenv("REGRESS_PGTEST_VICTIM") == "" {
		os.Exit(m.Run())
	}
	s, err := start(quick)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(s.dir + "\n")
	time.Sleep(5 * time.Minute)
}

// A test process that dies by kill -9 leaves neither a server nor its directory.
func TestServerGoesWithItsTest(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts and kills a server of its own")
	}
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "REGRESS_PGTEST_VICTIM=1")
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	dir = strings.TrimSpace(dir)
	if err != nil || !strings.HasPrefix(dir, "/tmp/regress-pg-") {
		_ = victim.Process.Kill()
		t.Fatalf("%q, %v", dir, err)
	}
	s := &Server{dir: dir}
	if err := s.exec("select 1"); err != nil {
		t.Error(err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = victim.Wait()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s is still there a minute after its test was killed", dir)
		}
	}
	if err := s.exec("select 1"); err == nil {
		t.Error("the server outlived its test")
	}
}

func TestDatabasesAreFresh(t *testing.T) {
	a, b := Connect(t, DSN(t)), Connect(t, DSN(t))
	for _, conn := range []interface{ IsClosed() bool }{a, b} {
		if conn.IsClosed() {
			t.Error("closed")
		}
	}
	if _, err := a.Exec(t.Context(), "create table here (x int)"); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := b.QueryRow(t.Context(), "select to_regclass('here') is not null").Scan(&there); err != nil || there {
		t.Errorf("a table of one test is in another's database (%v, %v)", there, err)
	}
}

func TestBinariesByHand(t *testing.T) {
	t.Setenv("REGRESS_PG_BIN", t.TempDir())
	if _, err := binaries(); err == nil || !strings.Contains(err.Error(), "has no initdb and postgres") {
		t.Errorf("have %v, want an error that names the remedy", err)
	}
}

func TestNewestByNumber(t *testing.T) {
	check := func(path string, want float64) {
		t.Helper()
		if have := number(path); have != want {
			t.Errorf("%s: have %v, want %v", path, have, want)
		}
	}
	check("/usr/lib/postgresql/9.6/bin", 9.6)
	check("/usr/lib/postgresql/16/bin", 16)
	check("/usr/pgsql-17/bin", 17)
	check("/opt/homebrew/opt/postgresql@18/bin", 18)
	check("/elsewhere/bin", 0)
}

// The links of a package are made inside it alone.
func TestLinks(t *testing.T) {
	check := func(list, want string) {
		t.Helper()
		pack := t.TempDir()
		lib := filepath.Join(pack, "native", "lib")
		if err := os.MkdirAll(lib, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"lib/liba.so.1.2": "content", "pg-symlinks.json": list} {
			if err := os.WriteFile(filepath.Join(pack, "native", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := link(pack)
		text, _ := os.ReadFile(filepath.Join(lib, "liba.so"))
		if string(text) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", list, text, err, want)
		}
	}
	check(`[{"source":"native/lib/liba.so.1.2","target":"native/lib/liba.so"}]`, "content")
	check(`[{"source":"native/lib/liba.so.1.2","target":"native/lib/../../../../outside"}]`, "")
	check(`[{"source":"native/lib/liba.so.1.2","target":"/tmp/outside"}]`, "")
	check(`{}`, "")
}
